const TURN = 2 * Math.PI

/**
 * Returns an SVG of a bronze drum's face, drawn by rule after the Đông Sơn drums: a star of 14 rays, concentric rings,
 * tangent circles, saw-teeth, meanders and birds in flight. Our own drawing: no photograph or tracing stands behind it.
 * Square view box of 1000 units, one colour (`#rrggbb`), transparent ground.
 */
export function bronzeDrumSvg(colour: string): string {
  const fills: string[] = []
  const fine: string[] = []
  const bold: string[] = []

  const ring = (radius: number, into = fine) => into.push(circle(0, 0, radius))
  const teeth = (count: number, inner: number, outer: number) => {
    for (let i = 0; i < count; i++) {
      const half = TURN / count / 2
      const at = (i * TURN) / count
      fills.push(polygon([polar(inner, at - half), polar(outer, at), polar(inner, at + half)]))
    }
  }

  // The sun: 14 rays, and nested chevrons in the gaps between them.
  const sun = polygon(star(14, 34, 128)) + circle(0, 0, 36)
  for (let i = 0; i < 14; i++) {
    const at = ((i + 0.5) * TURN) / 14
    for (const [foot, tip] of [
      [124, 74],
      [124, 88],
      [124, 102],
    ] as const) {
      const half = 0.012 + ((foot - tip) / 50) * 0.125
      fine.push(line([polar(foot, at - half), polar(tip, at), polar(foot, at + half)]))
    }
  }
  for (const radius of [134, 140, 158, 164]) ring(radius)
  tangentCircles(42, 149, 5.2, fine, fills)

  // Meander band.
  meander(36, 170, 194, fine)
  for (const radius of [200, 206]) ring(radius)
  teeth(96, 208, 222)
  for (const radius of [226, 232]) ring(radius)

  // Eighteen birds in flight, counter-clockwise as on the drums, and a small one standing under each gap.
  for (let i = 0; i < 18; i++) fills.push(...bird((i * TURN) / 18, 272, 3.5))
  for (let i = 0; i < 18; i++) fills.push(circle(...polar(241, ((i + 0.5) * TURN) / 18), 3.6))
  for (const radius of [314, 320]) ring(radius)
  tangentCircles(84, 330, 6, fine, fills)
  for (const radius of [340, 346]) ring(radius)

  // A second, wider flight.
  for (let i = 0; i < 24; i++) fills.push(...bird((i * TURN) / 24 + 0.06, 381, 3.35))
  for (const radius of [417, 423]) ring(radius)
  teeth(160, 424, 438)
  ring(441)
  tangentCircles(108, 450, 5.6, fine, fills)
  ring(459)
  for (let i = 0; i < 160; i++) {
    const half = TURN / 320
    const at = ((i + 0.5) * TURN) / 160
    fills.push(polygon([polar(476, at - half), polar(462, at), polar(476, at + half)]))
  }
  ring(479)
  ring(488, bold)
  ring(496)

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-500 -500 1000 1000" width="1000" height="1000">`,
    `<path fill="${colour}" d="${sun}"/>`,
    `<path fill="${colour}" fill-rule="evenodd" d="${fills.join('')}"/>`,
    `<path fill="none" stroke="${colour}" stroke-width="1.6" stroke-linejoin="round" d="${fine.join('')}"/>`,
    `<path fill="none" stroke="${colour}" stroke-width="7" d="${bold.join('')}"/>`,
    '</svg>\n',
  ].join('\n')
}

type Point = readonly [x: number, y: number]

const polar = (radius: number, angle: number): Point => [radius * Math.sin(angle), -radius * Math.cos(angle)]
const n = (value: number) => String(Math.round(value * 10) / 10)
const line = (points: readonly Point[]) => `M${points.map(([x, y]) => `${n(x)} ${n(y)}`).join('L')}`
const polygon = (points: readonly Point[]) => `${line(points)}Z`
const circle = (x: number, y: number, r: number) =>
  `M${n(x - r)} ${n(y)}a${n(r)} ${n(r)} 0 1 0 ${n(2 * r)} 0a${n(r)} ${n(r)} 0 1 0 ${n(-2 * r)} 0Z`

function star(rays: number, inner: number, outer: number): Point[] {
  return Array.from({ length: rays * 2 }, (_, i) => polar(i % 2 ? inner : outer, (i * TURN) / rays / 2))
}

/** Circles with a point in each, joined by slanting lines from the head of one to the foot of the next. */
function tangentCircles(count: number, radius: number, size: number, strokes: string[], fills: string[]): void {
  for (let i = 0; i < count; i++) {
    const at = (i * TURN) / count
    const next = ((i + 1) * TURN) / count
    strokes.push(circle(...polar(radius, at), size))
    fills.push(circle(...polar(radius, at), size * 0.28))
    strokes.push(line([polar(radius + size, at + 0.004), polar(radius - size, next - 0.004)]))
  }
}

/** Angular hooks turned towards each other, two a cell. */
function meander(count: number, inner: number, outer: number, strokes: string[]): void {
  const cell = TURN / count
  const at = (i: number, u: number, v: number) => polar(inner + v * (outer - inner), i * cell + u * cell)
  for (let i = 0; i < count; i++) {
    strokes.push(line([at(i, 0.04, 0), at(i, 0.04, 1), at(i, 0.56, 1), at(i, 0.56, 0.36), at(i, 0.3, 0.36), at(i, 0.3, 0.66)]))
    strokes.push(line([at(i, 0.96, 1), at(i, 0.96, 0), at(i, 0.44, 0), at(i, 0.44, 0.2), at(i, 0.72, 0.2), at(i, 0.72, 0.7)]))
  }
}

/** Long beak, swept crest, triangular wings with two feather cuts, fan of a tail; head towards growing angles. */
const birdOutline: Point[] = [
  [15, 0.5],
  [8.4, 1.7],
  [7.6, 2.5],
  [6.2, 2.7],
  [1.6, 4.4],
  [4.4, 2.1],
  [4.9, 1.2],
  [2.4, 1.5],
  [-1.2, 4.6],
  [-5.2, 9.6],
  [-4.6, 5],
  [-3.4, 1.2],
  [-6.2, 0.9],
  [-12.6, 4.1],
  [-13.4, 1.6],
  [-12.9, -0.8],
  [-12.2, -2.9],
  [-6.2, -0.7],
  [-3.6, -1],
  [-6.4, -4.4],
  [-8, -9],
  [-3.6, -5.4],
  [0.4, -1.4],
  [3.4, -0.8],
  [5.6, 0],
  [7.6, 0.1],
]
const birdCuts: Point[][] = [
  [
    [-1.4, 2.1],
    [-4.2, 7.2],
    [-3.4, 4],
    [-2.6, 1.6],
  ],
  [
    [-2.2, -1.6],
    [-6.2, -6.8],
    [-4.4, -3.2],
    [-3, -1.4],
  ],
  [
    [-7.4, 0.5],
    [-12.2, 1.6],
    [-12.2, 1],
    [-7.4, 0.2],
  ],
  [
    [-7.4, -0.2],
    [-11.9, -0.9],
    [-11.7, -1.5],
    [-7.4, -0.5],
  ],
]

function bird(angle: number, radius: number, scale: number): string[] {
  const place = ([x, y]: Point) => polar(radius + y * scale, angle + (x * scale) / radius)
  const eye = place([6.9, 1.4])
  return [birdOutline, ...birdCuts].map(points => polygon(points.map(place))).concat(circle(...eye, scale * 0.36))
}
