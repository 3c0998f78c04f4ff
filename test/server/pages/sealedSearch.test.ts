import { expect, test } from '@jest/globals'
import { openSearch, sealSearch } from '../../../server/pages/console/sealedSearch.ts'
import { testCipher } from '../../support/testCipher.ts'

const cipher = testCipher()
const fields = { query: 'Nguyễn Thị Thảo', status: '', agency: 'G09' }

test('a search in an address is for its maker to read, and for nobody else', () => {
  const sealed = sealSearch(cipher, 'an', fields)
  expect(sealed).toMatch(/^[\w-]+$/)
  expect(Buffer.from(sealed, 'base64url').toString('utf8')).not.toContain('Thảo')
  expect(openSearch(cipher, 'an', sealed)).toEqual({ query: 'Nguyễn Thị Thảo', agency: 'G09' })
  expect(openSearch(cipher, 'binh', sealed)).toEqual({})
})

test('what was changed, cut, or is another sealed value asks for nothing', () => {
  const sealed = sealSearch(cipher, 'an', fields)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const flipped = [...alphabet].filter(one => !sealed.endsWith(one)).map(one => sealed.slice(0, -1) + one)
  const other = cipher.seal(JSON.stringify({ fullName: 'Bí mật', fields: { query: 'x' } })).toString('base64url')
  for (const text of ['', 'x', ...flipped, sealed.slice(4), other, `${sealed}=`, 'A'.repeat(5000)])
    expect(openSearch(cipher, 'an', text)).toEqual({})
})
