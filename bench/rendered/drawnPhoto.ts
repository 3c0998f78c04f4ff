import sharp from 'sharp'

/** A drawn face, 300 × 400, JPEG of about 6 kB, as large as a portrait that a card shows; `seed` varies the colours. */
export async function drawnPhoto(seed: number): Promise<Uint8Array> {
  const hue = (seed * 47) % 360
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="400"><rect width="300" height="400" fill="hsl(${hue} 40% 88%)"/>
<path d="M40 400q0-110 110-110t110 110z" fill="hsl(${(hue + 160) % 360} 35% 30%)"/><ellipse cx="150" cy="190" rx="68" ry="80" fill="hsl(28 55% ${60 + (seed % 20)}%)"/>
<path d="M82 180q0-90 68-90t68 90q-20-50-68-50t-68 50z" fill="#1d1814"/><circle cx="125" cy="190" r="6"/><circle cx="175" cy="190" r="6"/>
<path d="M125 232q25 18 50 0" fill="none" stroke="#743" stroke-width="5"/><text x="150" y="388" font-size="20" text-anchor="middle" fill="#fff">MAU</text></svg>`
  const jpeg = await sharp(Buffer.from(svg)).jpeg({ quality: 82 }).toBuffer()
  return new Uint8Array(jpeg)
}
