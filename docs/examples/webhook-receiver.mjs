// A receiver of Ấn Tín's webhooks in plain Node 20 or newer: checks the signature (RFC 9421) and the digest (RFC 9530) of every delivery,
// refuses old ones, and answers twice-sent ones without doing their work twice.
//   node webhook-receiver.mjs https://the.example 8080
import { createHash, createPublicKey, verify } from 'node:crypto'
import { createServer } from 'node:http'

const [issuer = 'http://localhost:3000', port = '8080'] = process.argv.slice(2)
/** The address as it was registered: it is under the signature. */
const ownAddress = process.env.OWN_ADDRESS ?? `http://localhost:${port}/`
const oldest = 300 // seconds
const done = new Set()

const { keys } = await (await fetch(`${issuer}/.well-known/antin/webhook-keys`)).json()

createServer((request, response) => {
  const parts = []
  request.on('data', part => parts.push(part))
  request.on('end', () => {
    const body = Buffer.concat(parts)
    if (!isGenuine(request, body)) return response.writeHead(401).end()
    const event = JSON.parse(body)
    if (!done.has(event.id)) {
      done.add(event.id)
      console.log(event.type, event.agency.code, event.data)
    }
    response.writeHead(204).end()
  })
}).listen(Number(port), () => console.log(`listening on ${ownAddress}`))

function isGenuine(request, body) {
  const { 'content-digest': digest, 'signature-input': input = '', signature = '', 'content-type': type } = request.headers
  if (digest !== `sha-256=:${createHash('sha256').update(body).digest('base64')}:`) return false
  const parameters = /^antin=(\("@method" "@target-uri" "content-type" "content-digest"\);.+)$/.exec(input)?.[1]
  const bytes = /^antin=:([A-Za-z0-9+/=]+):$/.exec(signature)?.[1]
  if (!parameters || !bytes) return false
  const created = Number(/;created=(\d+)/.exec(parameters)?.[1])
  const key = keys.find(each => each.kid === /;keyid="([^"]+)"/.exec(parameters)?.[1])
  if (!key || Math.abs(Date.now() / 1000 - created) > oldest) return false
  const base = [
    `"@method": ${request.method}`,
    `"@target-uri": ${ownAddress}`,
    `"content-type": ${type}`,
    `"content-digest": ${digest}`,
    `"@signature-params": ${parameters}`,
  ].join('\n')
  return verify(null, Buffer.from(base), createPublicKey({ key, format: 'jwk' }), Buffer.from(bytes, 'base64'))
}
