import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { digestFiles, documentOf, unusedFiles } from '../../../server/diplomas/diplomaFiles.ts'
import { zipFile } from '../../support/api/zipFile.ts'

const given = (name: string, bytes: Buffer) => ({ name, open: () => Readable.from([bytes]), read: async () => bytes })
const hex = (text: string) => createHash('sha256').update(text).digest('hex')

test('files go by name, those of a zip by path too; one name of two different files is nobody’s', async () => {
  const contents = { '2023/b.pdf': 'b 2023', '2024/b.pdf': 'b 2024', 'c.pdf': 'c', 'lại/c.pdf': 'c', '__MACOSX/._c.pdf': 'mac' }
  const zip = zipFile(Object.entries(contents).map(([name, text]) => ({ name, bytes: Buffer.from(text) })))
  const files = await digestFiles([given('ảnh.png'.normalize('NFD'), Buffer.from('a')), given('T.ZIP', zip)])
  expect(files.get('ảnh.png')).toBe(hex('a'))
  expect(files.get('b.pdf')).toBeNull()
  expect(documentOf(files, 'b.pdf')).toEqual({})
  expect(documentOf(files, '2024/b.pdf')).toEqual({ document: hex('b 2024') })
  expect(documentOf(files, 'c.pdf')).toEqual({ document: hex('c') })
  expect([...files.keys()].filter(name => name.includes('MACOSX') || name.startsWith('._'))).toEqual([])
  const rows = [{ values: { file: '2024/b.pdf' } }, { values: { file: 'c.pdf' } }, { values: {} }]
  expect(unusedFiles(files, rows)).toEqual(['2023/b.pdf', 'ảnh.png'])
})
