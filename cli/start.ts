import { parseArgs } from 'node:util'
import type { CliIo } from './io.ts'

/** `antin start`: everything with a demonstration ministry, until Ctrl-C. */
export async function start(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } })
  const began = performance.now()
  const { readConfig } = await import('../server/config.ts')
  const { runDemonstration } = await import('../server/demonstration/runDemonstration.ts')
  const stopped = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve)
  })
  const config = readConfig(io.env)
  const running = runDemonstration(config, io.env.PORT ? config.PORT : undefined, line => io.progress(`Starting: ${line} …`))
  const demonstration = await Promise.race([running, stopped.then(() => null)])
  if (!demonstration) {
    await running.then(late => late.stop()).catch(() => {})
    return 0
  }
  io.progress('', true)
  if (values.json) io.out(JSON.stringify(demonstration.file))
  else describe(io, demonstration.file, Math.round((performance.now() - began) / 100) / 10)
  await stopped
  io.err('Stopping …')
  await demonstration.stop()
  return 0
}

function describe(
  io: CliIo,
  file: Awaited<ReturnType<typeof import('../server/demonstration/runDemonstration.ts')['runDemonstration']>>['file'],
  seconds: number,
): void {
  const rows: [string, string][] = [
    ['Trang chủ', file.url],
    ['Bảng điều khiển', `${file.url}/console`],
    ['Kiểm tra thẻ', `${file.url}/v`],
    ['Kiểm tra văn bằng', `${file.url}/diplomas/verify`],
    ['API', `${file.url}/docs`],
    ...(file.chain ? [['Chuỗi khối', `${file.chain.rpc}  hợp đồng ${file.chain.contract}`] as [string, string]] : []),
  ]
  io.out(`Ấn Tín chạy thử, sẵn sàng sau ${seconds} giây. Dữ liệu MẪU; dừng bằng Ctrl-C.\n`)
  for (const [name, value] of rows) io.out(`  ${name.padEnd(18)} ${value}`)
  io.out('\nĐăng nhập (tên / mật khẩu):')
  for (const person of file.signIns) io.out(`  ${person.role.padEnd(10)} ${person.username} / ${person.password}`)
  io.out(`\nThẻ ${file.card.serial}, để quét thử:`)
  io.out(`  thật      ${file.card.genuine}`)
  io.out(`  bị sửa    ${file.card.tampered}`)
  io.out(`  thu hồi   ${file.card.revoked}`)
  io.out('\nQR ngắn ở mặt trước:')
  io.out(`  thật      ${file.shortQr.genuine}`)
  io.out(`  không có  ${file.shortQr.unknown}`)
  io.out(`\nVăn bằng số ${file.diploma.soHieu} của ${file.diploma.agency}, sinh ${file.diploma.ngaySinh}:`)
  io.out(`  thật      ${file.diploma.genuine}`)
  io.out(`  bị sửa    ${file.diploma.tampered}`)
  io.out('\nCũng ghi trong demo.json. Thử: npx antin verify "<một địa chỉ ở trên>"')
}
