import sharp from 'sharp'
import type { Walk } from './walk.ts'
import { zipFile } from './zipFile.ts'

const header = 'so_dinh_danh,ho_ten,ngay_sinh,gioi_tinh,ma_don_vi,loai,chuc_vu,chuc_danh,email,anh_file'
const row = (number: string, name: string) => `${number},${name},1985-08-23,Nam,G09.15,CC,,Chuyên viên,mau@example.gov.vn,`

/** Imports of people, one person, agencies: from the upload to the erasure. Answers ids of people without a card. */
export async function walkPeople({ want, importIs, note }: Walk): Promise<{ newcomers: string[] }> {
  const photo = await sharp({ create: { width: 360, height: 480, channels: 3, background: '#cba' } })
    .jpeg()
    .toBuffer()
  const people = [
    header,
    row('001085000001', 'Nguyễn Thị Mẫu'),
    row('001085000002', 'Trần Văn Mẫu'),
    row('001085000003', 'Lê Thị Mẫu'),
    row('00108', 'Sai'),
  ]
  const upload = async (rows: string[], photos?: Buffer) => {
    const form = {
      file: { name: 'can-bo.csv', bytes: rows.join('\r\n') },
      ...(photos ? { photos: { name: 'anh.zip', bytes: photos } } : {}),
    }
    return (await want(202, 'POST /api/imports', { as: 'maker', form, headers: { 'idempotency-key': `import-${rows.length}` } })).json
      .id as string
  }
  const id = await upload(people, zipFile([{ name: 'khong-cua-ai.jpg', bytes: photo }]))
  const at = { id }
  await importIs(id, 'preview')
  await want(200, 'GET /api/imports', { as: 'maker' })
  await want(200, 'GET /api/imports/{id}/rows', { as: 'maker', at, query: { limit: '2' } })
  await want(200, 'GET /api/imports/{id}/absent', { as: 'maker', at })
  const photos = await want(200, 'GET /api/imports/{id}/photos', { as: 'maker', at })
  const { seq } = photos.json.photos[0]
  await want(200, 'GET /api/imports/{id}/photos/{seq}', { as: 'maker', at: { id, seq } })
  await want(204, 'PUT /api/imports/{id}/photos/{seq}', { as: 'maker', at: { id, seq }, json: { row: 1 } })
  await want(200, 'GET /api/imports/{id}/errors.xlsx', { as: 'maker', at, query: { lang: 'vi' } })
  await want(422, 'POST /api/imports/{id}/commit', { as: 'maker', at, json: {} })
  await want(202, 'POST /api/imports/{id}/preview', { as: 'maker', at, json: {} })
  await importIs(id, 'preview')
  await want(202, 'POST /api/imports/{id}/commit', { as: 'maker', at, json: { onlyGood: true } })
  await importIs(id, 'done')
  await want(409, 'POST /api/imports/{id}/commit', { as: 'maker', at, json: {} })
  await want(409, 'POST /api/imports/{id}/preview', { as: 'maker', at, json: {} })
  await want(409, 'POST /api/imports/{id}/cancel', { as: 'maker', at })
  await want(409, 'PUT /api/imports/{id}/photos/{seq}', { as: 'maker', at: { id, seq }, json: { row: 1 } })
  await want(422, 'POST /api/imports', { as: 'maker', form: { agency: 'G09' } })
  const second = await upload([...people, row('001085000004', 'Phạm Văn Mẫu'), ''])
  await importIs(second, 'preview')
  await want(204, 'POST /api/imports/{id}/cancel', { as: 'maker', at: { id: second } })
  const third = await upload([...people, row('001085000005', 'Đỗ Văn Mẫu'), '', ''])
  await importIs(third, 'preview')
  note('importId', id, second, third)

  const found = await want(200, 'POST /api/officers/search', { as: 'maker', json: { query: 'mẫu', agency: 'G09.15', limit: 3 } })
  await want(422, 'POST /api/officers/search', { as: 'maker', json: { query: '!!' } })
  await want(422, 'POST /api/officers/search', { as: 'maker', json: { query: 'a', cursor: 'x' } })
  const ids = (found.json.officers as { id: string; fullName: string }[]).map(each => each.id)
  const [leaving, ...newcomers] = ids as [string, ...string[]]
  const one = { id: newcomers[0]! }
  await want(200, 'GET /api/officers/{id}', { as: 'maker', at: one })
  const nobody = { id: '01a1fc2b-56fd-70c1-bab4-37d66ea9076b' }
  await want(404, 'PUT /api/officers/{id}/photo', { as: 'maker', at: nobody, form: { photo: { name: 'anh.jpg', bytes: photo } } })
  await want(200, 'GET /api/officers/{id}/views', { as: 'auditor', at: one })
  await want(200, 'PUT /api/officers/{id}/photo', { as: 'maker', at: one, form: { photo: { name: 'anh.jpg', bytes: photo } } })
  await want(422, 'PUT /api/officers/{id}/photo', { as: 'maker', at: one, form: { photo: { name: 'anh.jpg', bytes: 'MZ' } } })
  await want(200, 'PUT /api/officers/{id}/photo', {
    as: 'maker',
    at: { id: newcomers[1]! },
    form: { photo: { name: 'anh.jpg', bytes: photo } },
  })
  await want(200, 'GET /api/officers/{id}/photo.jpg', { as: 'maker', at: one })
  await want(200, 'GET /api/officers/{id}/personal-data', { as: 'maker', at: one })
  await want(204, 'POST /api/officers/{id}/leave', { as: 'maker', at: { id: leaving } })
  await want(204, 'DELETE /api/officers/{id}/personal-data', { as: 'admin', at: { id: leaving } })
  note('officerId', ...ids)

  await want(200, 'GET /api/agencies', { as: 'auditor' })
  await want(200, 'GET /api/agencies/{code}', { as: 'auditor', at: { code: 'G09.15' } })
  const asked = await want(202, 'POST /api/agency-requests', {
    as: 'admin',
    json: { action: 'add', code: 'G09.97', parent: 'G09', nameVi: 'Đơn vị mẫu', nameEn: 'Sample unit', reason: 'Quyết định 01/QĐ-BNV' },
  })
  note('agencyRequestId', asked.json.requestId)
  await want(404, 'POST /api/agency-requests', { as: 'admin', json: { action: 'dissolve', code: 'G09.98', successor: null } })
  await want(409, 'POST /api/agency-requests', { as: 'admin', json: { action: 'add', code: 'G09.15', parent: 'G09', nameVi: 'Đã có' } })
  return { newcomers }
}
