import { expect, test } from '@jest/globals'
import { fieldValue } from '../../../server/pages/console/fieldValue.ts'
import { textsOf, translator } from '../../../server/pages/texts.ts'

const words = (lang: 'vi' | 'en') => ({
  textOr: (key: string, otherwise: string) => (textsOf(lang).has(key) ? translator(lang)(key) : otherwise),
  agencyName: (code: string) => ({ 'G09.01': 'Vụ Tổ chức' })[code] ?? code,
})

test('what changed of a person is said in words, not in codes', () => {
  const said = [
    ['gender', 'female'],
    ['category', 'CC'],
    ['agency', 'G09.01'],
    ['birthDate', '1985-08-23'],
    ['position', 'Chuyên viên'],
    ['position', ''],
  ] as const
  const of = (lang: 'vi' | 'en') => said.map(([field, value]) => fieldValue(field, value, words(lang)))
  expect(of('vi')).toEqual(['Nữ', 'Công chức', 'Vụ Tổ chức', '23/08/1985', 'Chuyên viên', '–'])
  expect(of('en').slice(0, 2)).toEqual(['Female', 'Civil servant (CC)'])
  expect(fieldValue('category', 'a new one', words('vi'))).toBe('a new one')
})
