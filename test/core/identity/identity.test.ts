import { expect, test } from '@jest/globals'
import { isAgencyCode, isKnownLevelOne, levelOneOf, parseAgencyCode } from '../../../core/identity/agencyCode.ts'
import { cardNumber838 } from '../../../core/identity/cardNumber838.ts'
import { isCardSerial, makeCardSerial, parseCardSerial } from '../../../core/identity/cardSerial.ts'
import { categories } from '../../../core/identity/category.ts'
import { checkCharacter } from '../../../core/identity/mod3736.ts'
import { parsePersonalNumber, personalNumberWarnings } from '../../../core/identity/personalNumber.ts'
import { thrownCode } from '../../support/thrownCode.ts'

const g09 = parseAgencyCode('G09')

test('ISO 7064 MOD 37,36: published identifiers have their check characters', () => {
  // GRid handbook 2.1, and ISAN users' guide (ISO 15706).
  expect(checkCharacter('A12425GABC1234002')).toBe('M')
  expect(checkCharacter('00000000D07A0090')).toBe('Q')
  expect(checkCharacter('000000003A8D0000')).toBe('Z')
  expect(checkCharacter('188166C734206541')).toBe('Y')
  expect(checkCharacter('')).toBeUndefined()
  expect(checkCharacter('a')).toBeUndefined()
})

test('ISO 7064 MOD 37,36: every single error is found, and 97 % of the swaps of neighbours', () => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const serial = makeCardSerial(g09, 2026, 123)
  const characters = serial.replaceAll('-', '')
  for (let i = 0; i < characters.length; i++) {
    for (const other of alphabet) {
      if (other === characters[i]) continue
      const text = characters.slice(0, i) + other + characters.slice(i + 1)
      expect(checkCharacter(text.slice(0, -1))).not.toBe(text.at(-1))
    }
  }
  let [swaps, missed] = [0, 0]
  for (let sequence = 1; sequence < 1_000_000; sequence += 997) {
    const right = makeCardSerial(g09, 2026, sequence).replaceAll('-', '')
    for (let i = 0; i + 1 < right.length; i++) {
      if (right[i] === right[i + 1]) continue
      const swapped = right.slice(0, i) + right[i + 1] + right[i] + right.slice(i + 2)
      swaps++
      if (checkCharacter(swapped.slice(0, -1)) === swapped.at(-1)) missed++
    }
  }
  expect(missed / swaps).toBeLessThan(0.03)
})

test('a card serial is what formats 9 shows, and only with its check character', () => {
  const serial = makeCardSerial(g09, 2026, 123)
  expect(serial).toBe('G09-26-0000123-2')
  expect(isCardSerial(serial)).toBe(true)
  expect(parseCardSerial(' g09-26-0000123-2 ')).toBe(serial)
  for (const text of ['G09-26-0000123-3', 'G09-26-000123-2', 'G09260000123 2', 'G9-26-0000123-2', 'G09-26-0000123-2\n', '']) {
    expect(isCardSerial(text)).toBe(false)
  }
  expect(thrownCode(() => parseCardSerial('G09-26-0000123-3'))).toBe('identity.card-serial')
  for (const [year, sequence] of [
    [26, 1],
    [2100, 1],
    [2026, 0],
    [2026, 10_000_000],
    [2026, 1.5],
  ] as const) {
    // biome-ignore format: rows
    expect(thrownCode(() => makeCardSerial(g09, year, sequence))).toBe('identity.card-serial')
  }
  expect(thrownCode(() => makeCardSerial(parseAgencyCode('G09.12'), 2026, 1))).toBe('identity.card-serial')
})

test('QĐ 20/2020: an agency code is groups of 0-9A-Z joined by dots, the first a letter and two digits, 35 characters at most', () => {
  for (const text of ['G09', 'G09.12.04', 'H49.5A', 'H01.151.03', `G09.${'A'.repeat(31)}`]) expect(parseAgencyCode(text)).toBe(text)
  for (const text of [
    '',
    'G9',
    'G009',
    'g09',
    '009',
    'G09.',
    '.G09',
    'G09..1',
    'G09.a',
    'G09 ',
    'G09\n',
    'G0९',
    `G09.${'A'.repeat(32)}`,
    '000.00.18.G12',
  ]) {
    expect(isAgencyCode(text)).toBe(false)
    expect(thrownCode(() => parseAgencyCode(text))).toBe('identity.agency-code')
  }
  expect(levelOneOf(parseAgencyCode('H49.12.04'))).toBe('H49')
  expect(['G09.1', 'H49', 'H63'].map(text => isKnownLevelOne(parseAgencyCode(text)))).toEqual([true, true, true])
  expect(['G04', 'H00', 'H64', 'K01'].map(text => isKnownLevelOne(parseAgencyCode(text)))).toEqual([false, false, false, false])
})

test('a personal number is 12 digits; where it disagrees with the person it warns', () => {
  const number = parsePersonalNumber('001185012345')
  for (const text of ['00118501234', '0011850123456', '00118501234a', ' 01185012345', '٠٠١١٨٥٠١٢٣٤٥']) {
    expect(thrownCode(() => parsePersonalNumber(text))).toBe('identity.personal-number')
  }
  expect(personalNumberWarnings(number)).toEqual([])
  expect(personalNumberWarnings(number, { birthDate: '1985-03-08', gender: 'female' })).toEqual([])
  expect(personalNumberWarnings(number, { birthDate: '1986', gender: 'male' })).toEqual(['year', 'gender'])
  expect(personalNumberWarnings(number, { birthDate: '2085-01-01' })).toEqual(['century'])
  expect(personalNumberWarnings(parsePersonalNumber('087084000999'), { birthDate: '1984', gender: 'male' })).toEqual([])
  expect(personalNumberWarnings(parsePersonalNumber('003200000000'), { birthDate: '2000' })).toEqual(['province'])
  expect(personalNumberWarnings(parsePersonalNumber('101400000000'))).toEqual(['century'])
})

test('QĐ 838: the card number is level-1 code, personal number, category', () => {
  expect(cardNumber838(parseAgencyCode('G09.12.04'), parsePersonalNumber('001185012345'), 'CC')).toBe('G09.001185012345.CC')
  expect(categories).toEqual(['CB', 'CC', 'VC', 'XA', 'XA0', 'HĐ'])
  expect(categories.every(category => category === category.normalize('NFC'))).toBe(true)
})
