/**
 * Returns an SVG frame for an A4 document: plain lines, a band of squared meanders (hồi văn) and saw-teeth as on the Đông Sơn
 * drums, a star of 14 rays in each corner. Our own drawing. View box in tenths of a millimetre.
 */
export function ornamentalFrameSvg(width: number, height: number, colour: string, accent: string): string {
  const [w, h] = [width * 10, height * 10]
  const lines: string[] = []
  const bold: string[] = []
  const fills: string[] = []
  const accents: string[] = []
  const rect = (inset: number, into: string[]) => into.push(`M${inset} ${inset}H${w - inset}V${h - inset}H${inset}Z`)
  rect(62, bold)
  rect(76, lines)
  rect(144, lines)
  rect(152, bold)

  const corner = 150
  const band = (length: number, place: (along: number, across: number) => [number, number]) => {
    const count = Math.round(length / 68)
    const cell = length / count
    const points = (list: readonly (readonly [number, number])[]) => list.map(([u, v]) => place(u, v).map(n).join(' ')).join('L')
    for (let i = 0; i < count; i++) {
      const o = i * cell
      const c = (u: number, v: number) => [o + u * cell, 84 + v * 52] as const
      lines.push(`M${points([c(0.06, 1), c(0.06, 0), c(0.48, 0), c(0.48, 0.74), c(0.2, 0.74), c(0.2, 0.3), c(0.34, 0.3), c(0.34, 0.5)])}`)
      lines.push(`M${points([c(0.94, 0), c(0.94, 1), c(0.54, 1), c(0.54, 0.26), c(0.8, 0.26), c(0.8, 0.7), c(0.67, 0.7), c(0.67, 0.5)])}`)
    }
    const teeth = Math.round(length / 26)
    for (let i = 0; i < teeth; i++) {
      const step = length / teeth
      fills.push(
        `M${points([
          [i * step, 156],
          [(i + 0.5) * step, 172],
          [(i + 1) * step, 156],
        ])}Z`,
      )
    }
  }
  band(w - 2 * corner, (u, v) => [corner + u, v])
  band(w - 2 * corner, (u, v) => [w - corner - u, h - v])
  band(h - 2 * corner, (u, v) => [w - v, corner + u])
  band(h - 2 * corner, (u, v) => [v, h - corner - u])

  for (const x of [110, w - 110]) {
    for (const y of [110, h - 110]) {
      const ray = (i: number, radius: number) => {
        const angle = (i * Math.PI) / 14
        return `${n(x + radius * Math.sin(angle))} ${n(y - radius * Math.cos(angle))}`
      }
      accents.push(`M${Array.from({ length: 28 }, (_, i) => ray(i, i % 2 ? 9 : 26)).join('L')}Z`)
      for (const radius of [30, 33])
        lines.push(`M${x - radius} ${y}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`)
    }
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}">`,
    `<path fill="none" stroke="${colour}" stroke-width="2.4" d="${lines.join('')}"/>`,
    `<path fill="none" stroke="${colour}" stroke-width="6" d="${bold.join('')}"/>`,
    `<path fill="${colour}" d="${fills.join('')}"/><path fill="${accent}" d="${accents.join('')}"/>`,
    '</svg>\n',
  ].join('\n')
}

const n = (value: number) => Math.round(value * 10) / 10
