import sharp, { type Sharp } from 'sharp'

/** A picture in memory: 8-bit grey, row by row. */
export interface Grey {
  width: number
  height: number
  pixels: Uint8Array
}

export interface Condition {
  name: string
  /** Worse than the goal asks for: shown, not counted. */
  beyond?: true
  /** Makes the picture worse; `random` gives numbers from 0 to 1, the same at every run. */
  apply(picture: Grey, random: () => number): Promise<Grey> | Grey
}

/** What happens to cards between printer and phone; each is applied to a card rendered at 300 dpi and laid on a table. */
export const conditions: Condition[] = [
  { name: 'as printed', apply: picture => picture },
  { name: 'blur 1.0 px', apply: picture => blur(picture, 1) },
  { name: 'blur 1.6 px', apply: picture => blur(picture, 1.6) },
  { name: 'noise ±60', apply: (picture, random) => map(picture, value => value + (random() + random() + random() - 1.5) * 80) },
  { name: 'rotation', apply: (picture, random) => warp(picture, rotation(picture, random() * 360)) },
  { name: 'perspective', apply: (picture, random) => warp(picture, perspective(picture, random)) },
  { name: 'glare', apply: glare },
  { name: 'dark', apply: (picture, random) => map(picture, value => 10 + value * 0.14 + (random() - 0.5) * 14) },
  { name: 'half size', apply: picture => scale(picture, 0.5) },
  { name: 'JPEG 40', apply: picture => jpeg(picture, 40) },
  { name: 'screen moiré', apply: moire },
  {
    name: 'phone photo',
    apply: async (picture, random) => {
      const seen = warp(picture, perspective(picture, random))
      const dim = map(await blur(seen, 0.9), (value, x) => 20 + value * (0.55 + (0.35 * x) / seen.width) + (random() - 0.5) * 20)
      return jpeg(dim, 60)
    },
  },
  { name: 'blur 2.0 px', beyond: true, apply: picture => blur(picture, 2) },
  { name: 'half size, blurred', beyond: true, apply: async picture => blur(await scale(picture, 0.5), 0.7) },
]

/** A card on a table, with a margin as large as a fifth of it. */
export async function onTable(png: Uint8Array): Promise<Grey> {
  const { width = 0, height = 0 } = await sharp(png).metadata()
  const margin = Math.round(height / 5)
  const { data, info } = await sharp(png)
    .extend({ top: margin, bottom: margin, left: margin, right: margin, background: '#7b746c' })
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true })
  if (info.width !== width + 2 * margin) throw new Error('sharp made another size')
  return { width: info.width, height: info.height, pixels: new Uint8Array(data) }
}

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function map(picture: Grey, change: (value: number, x: number, y: number) => number): Grey {
  const { width, height, pixels } = picture
  const out = new Uint8Array(pixels.length)
  for (let i = 0; i < pixels.length; i++) out[i] = Math.max(0, Math.min(255, change(pixels[i]!, i % width, Math.floor(i / width))))
  return { width, height, pixels: out }
}

const raw = ({ width, height, pixels }: Grey) => sharp(pixels, { raw: { width, height, channels: 1 } })

async function decoded(image: Sharp): Promise<Grey> {
  const { data, info } = await image.greyscale().raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, pixels: new Uint8Array(data) }
}

export const blur = (picture: Grey, sigma: number) => decoded(raw(picture).blur(sigma))
export const scale = (picture: Grey, factor: number) =>
  decoded(raw(picture).resize(Math.round(picture.width * factor), Math.round(picture.height * factor)))
const jpeg = async (picture: Grey, quality: number) => decoded(sharp(await raw(picture).jpeg({ quality }).toBuffer()))

/** A bright spot of a lamp on the laminate: it lifts black to three quarters of white at its centre, somewhere on the card. */
function glare(picture: Grey, random: () => number): Grey {
  const [cx, cy] = [picture.width * (0.2 + 0.6 * random()), picture.height * (0.2 + 0.6 * random())]
  const radius = picture.height * 0.22
  return map(picture, (value, x, y) => value + (255 - value) * 0.75 * Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * radius * radius)))
}

/** The card shown on a screen and photographed: the screen's grid beats with the camera's. */
function moire(picture: Grey, random: () => number): Grey {
  const pitch = 2.7 + random() * 0.6
  const phase = random() * 6
  return map(
    picture,
    (value, x, y) =>
      value * (0.82 + 0.18 * Math.sin((2 * Math.PI * (x + 0.13 * y)) / pitch + phase) * Math.sin((2 * Math.PI * (y - 0.09 * x)) / pitch)) +
      12,
  )
}

/** Maps an output pixel to a place in the input; `null` outside. */
type Inverse = { width: number; height: number; at: (x: number, y: number) => readonly [number, number] }

function rotation({ width, height }: Grey, degrees: number): Inverse {
  const side = Math.ceil(Math.hypot(width, height))
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
  return {
    width: side,
    height: side,
    at: (x, y) => [(x - side / 2) * cos + (y - side / 2) * sin + width / 2, -(x - side / 2) * sin + (y - side / 2) * cos + height / 2],
  }
}

/** A card held at up to about 30 degrees: corners move by up to 14 % of the height. */
function perspective({ width, height }: Grey, random: () => number): Inverse {
  const shift = () => (random() - 0.5) * 0.28 * height
  const from: [number, number][] = [
    [shift(), shift()],
    [width + shift(), shift()],
    [width + shift(), height + shift()],
    [shift(), height + shift()],
  ]
  const to: [number, number][] = [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ]
  const h = homography(to, from)
  return {
    width,
    height,
    at: (x, y) => {
      const w = h[6]! * x + h[7]! * y + 1
      return [(h[0]! * x + h[1]! * y + h[2]!) / w, (h[3]! * x + h[4]! * y + h[5]!) / w]
    },
  }
}

/** The eight numbers of the projective map that takes four points to four others (Gauss elimination). */
function homography(from: [number, number][], to: [number, number][]): number[] {
  const rows: number[][] = []
  from.forEach(([x, y], i) => {
    const [u, v] = to[i]!
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v])
  })
  for (let column = 0; column < 8; column++) {
    const pivot = rows
      .slice(column)
      .reduce((best, row, i) => (Math.abs(row[column]!) > Math.abs(rows[best]![column]!) ? column + i : best), column)
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    const lead = rows[column]!
    for (const row of rows) {
      if (row === lead) continue
      const factor = row[column]! / lead[column]!
      for (let i = column; i < 9; i++) row[i]! -= factor * lead[i]!
    }
  }
  return rows.map((row, i) => row[8]! / row[i]!)
}

/** Bilinear; what lies outside is the table. */
function warp(picture: Grey, { width, height, at }: Inverse): Grey {
  const { pixels } = picture
  const out = new Uint8Array(width * height).fill(118)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = at(x, y)
      const [left, top] = [Math.floor(u), Math.floor(v)]
      if (left < 0 || top < 0 || left >= picture.width - 1 || top >= picture.height - 1) continue
      const [a, b] = [u - left, v - top]
      const i = top * picture.width + left
      const upper = pixels[i]! * (1 - a) + pixels[i + 1]! * a
      const lower = pixels[i + picture.width]! * (1 - a) + pixels[i + picture.width + 1]! * a
      out[y * width + x] = upper * (1 - b) + lower * b
    }
  }
  return { width, height, pixels: out }
}
