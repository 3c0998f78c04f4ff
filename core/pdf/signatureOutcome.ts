/** What is to be said of a PDF's signature. */
export type SignatureOutcome = 'none' | 'valid' | 'broken' | 'appended' | 'expired' | 'foreign'

/** One sentence for each, for people. */
export const signatureSentences: Record<'vi' | 'en', Record<SignatureOutcome, string>> = {
  vi: {
    none: 'Tệp không có chữ ký số.',
    valid: 'Chữ ký số đúng và bao trùm toàn bộ tệp.',
    broken: 'Chữ ký số không đúng: tệp đã bị sửa sau khi ký, hoặc chữ ký bị hỏng.',
    appended: 'Chữ ký số đúng, nhưng tệp đã bị thêm nội dung sau khi ký: phần thêm không được bảo đảm.',
    expired: 'Chứng thư số không còn hoặc chưa có hiệu lực vào lúc ký.',
    foreign: 'Chữ ký số đúng, nhưng chứng thư không phải của cơ quan cấp văn bằng này.',
  },
  en: {
    none: 'The file has no digital signature.',
    valid: 'The digital signature is right and covers the whole file.',
    broken: 'The digital signature is wrong: the file was changed after signing, or the signature is damaged.',
    appended: 'The digital signature is right, but content was added after signing: nothing vouches for the addition.',
    expired: 'The certificate was not valid at the time of signing.',
    foreign: "The digital signature is right, but the certificate is not that of this diploma's issuer.",
  },
}
