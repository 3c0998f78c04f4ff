import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import sharp, { type Sharp } from 'sharp'
import { matchPhotos } from '../../../server/photos/matchPhotos.ts'
import { preparePhoto } from '../../../server/photos/preparePhoto.ts'

/** A picture whose upper half is red and lower half blue. */
function halves(width: number, height: number): Sharp {
  const top = { input: { create: { width, height: Math.floor(height / 2), channels: 3 as const, background: '#ff0000' } }, top: 0, left: 0 }
  return sharp({ create: { width, height, channels: 3, background: '#0000ff' } }).composite([top])
}

async function pixel(jpeg: Buffer, x: number, y: number): Promise<'red' | 'blue' | 'other'> {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true })
  const [r = 0, , b = 0] = data.subarray((y * info.width + x) * info.channels)
  return r > 200 && b < 60 ? 'red' : b > 200 && r < 60 ? 'blue' : 'other'
}

test('both pictures are 3:4 JPEGs within their bytes, without metadata, and the digest is the shown one’s', async () => {
  const noise = Buffer.alloc(900 * 1200 * 3)
  for (let i = 0; i < noise.length; i++) noise[i] = Math.imul(i + 7, 0x9e3779b1) >>> 13
  const file = await sharp(noise, { raw: { width: 900, height: 1200, channels: 3 } })
    .withExif({ IFD0: { Artist: 'Người chụp', Software: 'x' }, IFD3: { GPSLatitude: '21/1 0/1 0/1' } })
    .jpeg({ quality: 95 })
    .toBuffer()
  expect((await sharp(file).metadata()).exif).toBeDefined()
  const photo = await preparePhoto(file)
  expect(photo.digest).toEqual(createHash('sha256').update(photo.shown).digest())
  for (const [jpeg, width, height, bytes] of [
    [photo.printed, 450, 600, 40_000],
    [photo.shown, 240, 320, 12_000],
  ] as const) {
    const meta = await sharp(jpeg).metadata()
    expect(meta).toMatchObject({ format: 'jpeg', width, height })
    expect([meta.exif, meta.xmp, meta.iptc, meta.orientation]).toEqual([undefined, undefined, undefined, undefined])
    expect(jpeg.length).toBeLessThanOrEqual(bytes)
  }
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i ends face side up', async orientation => {
  const upright = await halves(300, 400).png().toBuffer()
  // What a camera stores: the picture turned, and the tag that says how to turn it back.
  const undo: Record<number, (image: Sharp) => Sharp> = {
    1: image => image,
    2: image => image.flop(),
    3: image => image.rotate(180),
    4: image => image.flip(),
    5: image => image.rotate(270).flop(), // sharp mirrors before it turns
    6: image => image.rotate(270),
    7: image => image.rotate(90).flop(),
    8: image => image.rotate(90),
  }
  const stored = await undo[orientation]!(sharp(upright)).png().toBuffer()
  const photo = await preparePhoto(await sharp(stored).withMetadata({ orientation }).jpeg().toBuffer())
  expect(await pixel(photo.printed, 150, 40)).toBe('red')
  expect(await pixel(photo.printed, 150, 360)).toBe('blue')
})

test('a wide picture loses its sides, a tall one more at the bottom than at the top', async () => {
  const wide = await preparePhoto(await halves(800, 400).jpeg().toBuffer())
  expect(await sharp(wide.printed).metadata()).toMatchObject({ width: 300, height: 400 })
  const tall = await preparePhoto(await halves(300, 1000).jpeg().toBuffer())
  expect(await sharp(tall.printed).metadata()).toMatchObject({ width: 300, height: 400 })
  expect(await pixel(tall.printed, 150, 300)).toBe('red')
})

test('PNG with transparency and WebP are taken; transparency becomes white', async () => {
  const clear = await sharp({ create: { width: 300, height: 400, channels: 4, background: '#00000000' } })
    .png()
    .toBuffer()
  const photo = await preparePhoto(clear)
  expect([...(await sharp(photo.shown).raw().toBuffer()).subarray(0, 3)]).toEqual([255, 255, 255])
  await expect(preparePhoto(await halves(300, 400).webp().toBuffer())).resolves.toMatchObject({ width: 300, height: 400 })
})

/** A PNG that says it is `size` × `size` and holds almost nothing. */
function hugePng(size: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header[8] = 8
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

test('what is not a picture, or a dangerous one, is refused with its reason', async () => {
  const jpeg = await halves(300, 400).jpeg().toBuffer()
  const heic = Buffer.concat([Buffer.alloc(4), Buffer.from('ftypheic'), Buffer.alloc(40)])
  const cases: [string, Buffer][] = [
    ['photo.not-image', Buffer.from('MZ this is a program')],
    ['photo.not-image', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>')],
    ['photo.not-image', Buffer.alloc(0)],
    ['photo.not-image', Buffer.concat([jpeg.subarray(0, 200), Buffer.from('cut off')])],
    ['photo.heic', heic],
    ['photo.dimensions', hugePng(60_000)],
    ['photo.too-small', await halves(90, 120).jpeg().toBuffer()],
    ['photo.too-large', Buffer.concat([jpeg, Buffer.alloc(11 << 20)])],
  ]
  for (const [code, file] of cases) await expect(preparePhoto(file)).rejects.toMatchObject({ code })
})

test('photos are matched by the sheet’s file name, then by personal number, then by a name that one person has', () => {
  const owners = [
    { key: 1, personalNumber: '001085000001', fullName: 'Nguyễn Thị Thảo', photoFile: 'Anh_1.JPG' },
    { key: 2, personalNumber: '001085000002', fullName: 'Trần Văn An' },
    { key: 3, personalNumber: '001085000003', fullName: 'Lê Hoa' },
    { key: 4, personalNumber: '001085000004', fullName: 'Lê Hoa' },
    { key: 5, personalNumber: '001085000005', fullName: 'Đỗ Hà', photoFile: 'do-ha.png' },
  ]
  const names = ['P1/anh_1.jpg', '001085000002.jpg', 'Lê Hoa.jpg', 'le_hoa.jpg', 'do-ha.jpg', 'tran van an.jpg', 'readme.txt']
  expect(matchPhotos(names, owners)).toEqual([
    { name: 'P1/anh_1.jpg', owner: 1, by: 'anh_file' },
    { name: '001085000002.jpg', owner: 2, by: 'personal number' },
    { name: 'Lê Hoa.jpg', owner: null, by: null },
    { name: 'le_hoa.jpg', owner: null, by: null },
    { name: 'do-ha.jpg', owner: 5, by: 'anh_file' },
    { name: 'tran van an.jpg', owner: null, by: null },
    { name: 'readme.txt', owner: null, by: null },
  ])
  expect(matchPhotos(['Tran Van An.jpg', 'DO HA.jpeg'], owners).map(match => match.owner)).toEqual([2, 5])
})
