import { expect, test } from '@jest/globals'
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler'
import { type FontName, fontFiles, readFont } from '../../../server/printing/render/typst.ts'
import { unhinted } from '../../../server/printing/render/unhinted.ts'

const names = Object.keys(fontFiles) as FontName[]

test('outlines, widths, kerning and composed letters are the same without hints, in every font', () => {
  const sources = names.map(name => {
    const [, weight, style] = /Pro (\d+)( Italic)?/.exec(name)!
    return `#text(weight: ${weight}, style: "${style ? 'italic' : 'normal'}")[AVAToỷ Nguyễn Thị Thảo, Y Moăn Êñuôl, ŭ ê̆ č, Đắk Lắk – 0123456789 «ạậặệộợựỹ»]`
  })
  const drawn = (blobs: Buffer[]) => {
    const compiler = NodeCompiler.create({ workspace: '/x', fontArgs: [{ fontBlobs: blobs }] })
    compiler.mapShadow(
      '/x/main.typ',
      Buffer.from(`#set text(font: "Be Vietnam Pro", fallback: false)\n#set page(width: 400mm, height: auto)\n${sources.join('\n\n')}`),
    )
    const document = compiler.compile({ mainFilePath: '/x/main.typ' }).result!
    // Symbols are named by a digest of the font.
    return { svg: compiler.plainSvg(document).replaceAll(/"#?g[0-9A-F]+"/g, ''), pdf: compiler.pdf(document, {}).length }
  }
  const [hinted, plain] = [drawn(names.map(readFont)), drawn(names.map(name => unhinted(readFont(name))))]
  expect(plain.svg === hinted.svg).toBe(true)
  expect(plain.pdf).toBeLessThan(hinted.pdf * 0.8)
})

test('no hint is left: neither tables nor instructions of a glyph', () => {
  for (const name of names) {
    const font = unhinted(readFont(name))
    expect(['cvt ', 'fpgm', 'prep', 'gasp'].filter(tag => font.includes(tag, 0, 'latin1') && font.indexOf(tag) < 400)).toEqual([])
    expect(font.length).toBeLessThan(readFont(name).length * 0.7)
  }
})
