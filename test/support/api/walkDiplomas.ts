import { createHash, randomUUID } from 'node:crypto'
import sharp from 'sharp'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import type { Walk } from './walk.ts'
import { walletProof } from './walletProof.ts'

const issuer = 'G09.22'

/** Diplomas from the request to the end, and all that a verifier asks. */
export async function walkDiplomas({ world, want, approve, note }: Walk): Promise<void> {
  const scan = await sharp({ create: { width: 600, height: 800, channels: 3, background: '#eee' } })
    .jpeg()
    .toBuffer()
  const documentSha256 = createHash('sha256').update(scan).digest('hex')
  const diploma = {
    agency: issuer,
    number: 'MAU-2026/0001',
    holderName: 'Trần Thị Mẫu',
    birthDate: '1990-03-31',
    title: 'Bằng cử nhân',
    field: 'Luật',
    classification: 'Khá',
    awarded: '2012-06-30',
    documentSha256,
    holderNumber: world.holderNumber,
  }
  const one = await want(202, 'POST /api/diploma-requests', { as: 'maker', json: diploma, headers: { 'idempotency-key': randomUUID() } })
  await approve(one.json.requestId)
  const sheet = `so_hieu,ho_ten,ngay_sinh,ten_van_bang,ngay_cap,ma_don_vi\nMAU-2026/0002,Lê Văn Mẫu,1991-01-02,Bằng kỹ sư,2013-07-01,${issuer}\n`
  const batch = await want(202, 'POST /api/diploma-requests', { as: 'maker', form: { sheet: { name: 'van-bang.csv', bytes: sheet } } })
  await approve(batch.json.requestId)
  const another = Buffer.concat([scan, Buffer.from('2')])
  const { documentSha256: _, holderNumber: __, ...second } = { ...diploma, number: 'MAU-2026/0003' }
  const withFile = await want(202, 'POST /api/diploma-requests', {
    as: 'diplomas:write',
    form: { diploma: JSON.stringify(second), file: { name: 'quet.jpg', bytes: another } },
  })
  await approve(withFile.json.requestId)
  await want(200, 'GET /api/diplomas/by-document/{digest}', { at: { digest: createHash('sha256').update(another).digest('hex') } })
  await want(400, 'POST /api/diploma-requests', { as: 'maker', form: { diploma: '{' } })
  await want(400, 'POST /api/diploma-requests', { as: 'maker', form: { diploma: 'null' } })
  await want(422, 'POST /api/diploma-requests', { as: 'maker', form: { sheet: { name: 'van-bang.csv', bytes: 'x' } } })
  const list = await want(200, 'GET /api/diplomas', { as: 'maker', query: { request: one.json.requestId } })
  const { ref } = list.json.diplomas[0] as { ref: string }
  const at = { ref }
  await want(200, 'GET /api/diplomas/{ref}', { as: 'maker', at })
  await want(200, 'GET /api/diplomas/{ref}/qr.svg', { as: 'maker', at })
  await want(200, 'GET /api/diplomas/{ref}/qr.png', { as: 'maker', at })
  await want(200, 'GET /api/diplomas/{ref}/diploma.pdf', { as: 'maker', at })
  await want(422, 'GET /api/diplomas/{ref}/diploma.pdf', { as: 'maker', at, query: { template: 'khong-co' } })
  await want(200, 'POST /api/diplomas/{ref}/stamped-copy', { as: 'maker', at, form: { file: { name: 'quet.jpg', bytes: scan } } })
  const form = { type: 'multipart/form-data; boundary=x', body: '--x\r\ncontent-disp' }
  await want(400, 'POST /api/diplomas/{ref}/stamped-copy', { as: 'maker', at, text: form })
  await want(415, 'POST /api/diplomas/{ref}/stamped-copy', { as: 'maker', at, json: {} })
  const two = [1, 2].map(each => ({ name: `${each}.jpg`, bytes: scan }))
  await want(413, 'POST /api/diplomas/{ref}/stamped-copy', { as: 'maker', at, form: { file: two } })
  await want(422, 'POST /api/diplomas/{ref}/stamped-copy', { as: 'maker', at, form: { file: { name: 'quet.jpg', bytes: 'khác' } } })

  await want(200, 'GET /api/own-diplomas', { as: 'holder' })
  await want(200, 'GET /api/own-diplomas/{ref}/diploma.pdf', { as: 'holder', at })
  const wallet = { proof: await walletProof(world.public.origin) }
  await want(201, 'POST /api/own-diplomas/{ref}/sd-jwt', { as: 'holder', at, json: wallet })
  await want(202, 'POST /api/diplomas/{ref}/holder', { as: 'maker', at, json: { holderNumber: '001085000002' } })
  await want(200, 'POST /api/diplomas/search', { as: 'maker', json: { query: diploma.holderName } })
  const credential = list.json.diplomas[0].qr as string
  const sealed = world.public.diplomas[0]!
  const typed = { agency: issuer, soHieu: diploma.number, ngaySinh: '31/03/1990' }
  await want(200, 'POST /api/verifications', { json: { credential, documentSha256 } })
  await want(200, 'POST /api/verifications', { json: typed })
  await want(200, 'POST /api/verifications', { as: 'verify:bulk', json: typed })
  await want(200, 'POST /api/verifications', { form: { file: { name: 'quet.jpg', bytes: scan } } })
  await want(404, 'POST /api/verifications', { form: { file: { name: 'x.pdf', bytes: '%PDF-1.7\nx' } } })
  await want(404, 'POST /api/verifications', { json: { documentSha256: '0'.repeat(64) } })
  const lines = `${JSON.stringify({ id: 'hồ sơ 1', credential })}\n{"credential":5}\n`
  await want(200, 'POST /api/verifications/bulk', { as: 'verify:bulk', text: { type: 'application/x-ndjson', body: lines } })
  await want(415, 'POST /api/verifications/bulk', { as: 'verify:bulk', json: {} })
  await want(200, 'GET /api/diplomas/by-document/{digest}', { at: { digest: documentSha256 } })
  await want(200, 'GET /api/diplomas/{ref}/receipt', { at: { ref: encodeBase64url(sealed.ref) } })
  await want(200, 'POST /api/diplomas/lookup', { json: typed })
  await want(404, 'POST /api/diplomas/lookup', { json: { ...typed, soHieu: 'MAU-2026/9999' } })
  const answered = await want(200, 'POST /api/result-sheets', {
    json: { rows: [{ credential }, typed], checkedBy: 'Phòng Tổ chức cán bộ', lang: 'vi' },
  })
  const { statement, signature, rows } = answered.json
  await want(200, 'POST /api/result-sheets/verify', { json: { statement, signature, rows } })
  await want(400, 'POST /api/result-sheets', { json: { rows: [typed], checkedBy: '\ud800' } })
  const half = { ...statement, checkedBy: '\ud800' }
  await want(200, 'POST /api/result-sheets/verify', { json: { statement: half, signature, rows } })
  await want(413, 'POST /api/result-sheets', { json: { rows: Array.from({ length: 51 }, () => typed) } })

  await want(202, 'POST /api/requests/{id}/withdraw', {
    as: 'maker',
    at: { id: batch.json.requestId },
    json: { action: 'end', reasonCode: 'NHAP_SAI', decision: '15/QĐ-HV, 02/01/2026' },
  })
  const end = { action: 'end', reasonCode: 'QUYET_DINH', decision: '12/QĐ-HV, 01/01/2026', reason: 'Thu hồi theo quyết định' }
  const ended = await want(202, 'POST /api/diplomas/{ref}/status', { as: 'maker', at, json: end })
  await approve(ended.json.requestId)
  await want(409, 'POST /api/diplomas/{ref}/status', { as: 'maker', at, json: end })
  await want(409, 'GET /api/diplomas/{ref}/diploma.pdf', { as: 'maker', at })
  await want(409, 'GET /api/own-diplomas/{ref}/diploma.pdf', { as: 'holder', at })
  await want(409, 'POST /api/diplomas/{ref}/stamped-copy', { as: 'maker', at, form: { file: { name: 'quet.jpg', bytes: scan } } })
  await want(200, 'POST /api/diplomas/successor', { json: { credential } })
  note('ref', ref, encodeBase64url(sealed.ref))
  note('digest', documentSha256)
  note('documentSha256', documentSha256)
  note('credential', credential)
  note('diplomaRequestId', one.json.requestId, batch.json.requestId)
  note('soHieu', diploma.number)
  note('ngaySinh', '31/03/1990')
}
