import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An RFC 3161 authority that `openssl ts` plays, on a free port of 127.0.0.1. */
export async function startTimestampAuthority(): Promise<{ url: string; stop: () => Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'antin-tsa-'))
  const file = (name: string) => join(dir, name)
  writeFileSync(
    file('extensions'),
    'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n',
  )
  writeFileSync(
    file('ts.cnf'),
    `[tsa]\ndefault_tsa = own\n[own]\ndir = ${dir}\nserial = ${file('serial')}\ncrypto_device = builtin\nsigner_cert = ${file('tsa.pem')}\nsigner_key = ${file('tsa.key')}\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\nordering = no\ntsa_name = no\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n`,
  )
  writeFileSync(file('serial'), '01')
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', file('tsa.key'), '-out', file('tsa.csr'), '-subj', '/CN=TSA MAU')
  openssl(
    'x509',
    '-req',
    '-in',
    file('tsa.csr'),
    '-signkey',
    file('tsa.key'),
    '-days',
    '30',
    '-extfile',
    file('extensions'),
    '-out',
    file('tsa.pem'),
  )
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', chunk => chunks.push(chunk))
    req.on('end', () => {
      writeFileSync(file('query'), Buffer.concat(chunks))
      openssl('ts', '-reply', '-config', file('ts.cnf'), '-queryfile', file('query'), '-out', file('reply'))
      res.setHeader('content-type', 'application/timestamp-reply').end(readFileSync(file('reply')))
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise(done =>
        server.close(() => {
          rmSync(dir, { recursive: true, force: true })
          done()
        }),
      ),
  }
}
