const TURN = 2 * Math.PI

/**
 * Returns an SVG that stands where an agency puts the state's emblem: a five-pointed star between two ears of rice in a ring
 * of saw-teeth. Our own drawing and on purpose not the emblem itself. Square view box of 200 units, gold on red.
 */
export function placeholderEmblemSvg(gold: string, red: string): string {
  const point = (radius: number, angle: number) => [100 + radius * Math.sin(angle), 100 - radius * Math.cos(angle)] as const
  const at = (radius: number, angle: number) => point(radius, angle).map(n).join(' ')
  const star = Array.from({ length: 10 }, (_, i) => at(i % 2 ? 46 * 0.382 : 46, (i * TURN) / 10)).join('L')
  const teeth = Array.from({ length: 60 }, (_, i) => {
    const middle = (i * TURN) / 60
    return `M${at(87, middle - TURN / 120)}L${at(94, middle)}L${at(87, middle + TURN / 120)}Z`
  }).join('')
  let grains = ''
  let stems = ''
  for (const side of [1, -1]) {
    const angles = Array.from({ length: 13 }, (_, i) => TURN / 2 - side * (0.28 + i * 0.155))
    stems += `M${at(66, TURN / 2 - side * 0.1)}A66 66 0 0 ${side === 1 ? 0 : 1} ${at(66, angles[12]!)}`
    for (const angle of angles) {
      for (const [foot, tip] of [
        [67, 78],
        [65, 55],
      ] as const) {
        const [footX, footY] = point(foot, angle)
        const [tipX, tipY] = point(tip, angle - side * 0.13)
        const length = Math.hypot(tipX - footX, tipY - footY)
        const across = [((footY - tipY) / length) * 4.2, ((tipX - footX) / length) * 4.2] as const
        const middle = [(footX + tipX) / 2, (footY + tipY) / 2] as const
        const bulge = (way: number) => `${n(middle[0] + way * across[0])} ${n(middle[1] + way * across[1])}`
        grains += `M${n(footX)} ${n(footY)}Q${bulge(1)} ${n(tipX)} ${n(tipY)}Q${bulge(-1)} ${n(footX)} ${n(footY)}Z`
      }
    }
  }
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200">',
    `<circle cx="100" cy="100" r="99" fill="${gold}"/><circle cx="100" cy="100" r="95.5" fill="${red}"/>`,
    `<path fill="${gold}" d="${teeth}"/><circle cx="100" cy="100" r="84" fill="none" stroke="${gold}" stroke-width="1.6"/>`,
    `<path fill="none" stroke="${gold}" stroke-width="2" d="${stems}"/><path fill="${gold}" d="${grains}"/>`,
    `<path fill="${gold}" d="M${star}Z"/>`,
    '</svg>\n',
  ].join('\n')
}

const n = (value: number) => Math.round(value * 100) / 100
