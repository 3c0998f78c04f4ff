/** Data codewords of QR versions 1 to 27 at level M (ISO/IEC 18004, table 7). */
const dataCodewords = [
  16, 28, 44, 64, 86, 108, 124, 154, 182, 216, 254, 290, 334, 365, 415, 453, 507, 563, 627, 669, 714, 782, 860, 914, 1000, 1062, 1128,
]

/**
 * The smallest QR version at level M that holds a byte segment and then a numeric segment (either may be empty);
 * `undefined` past version 27. Computed from lengths alone, nothing is drawn.
 */
export function qrVersion(byteLength: number, digitCount: number): number | undefined {
  for (const [index, codewords] of dataCodewords.entries()) {
    const version = index + 1
    const byteBits = byteLength === 0 ? 0 : 4 + (version < 10 ? 8 : 16) + 8 * byteLength
    const countBits = version < 10 ? 10 : version < 27 ? 12 : 14
    const numericBits = digitCount === 0 ? 0 : 4 + countBits + Math.floor(digitCount / 3) * 10 + [0, 4, 7][digitCount % 3]!
    if (byteBits + numericBits <= 8 * codewords) return version
  }
  return undefined
}
