import ipaddr from 'ipaddr.js'

const known = new Map<string, string>()
const maxKnown = 10_000

/** What counts as one asker: an IPv4 address, or the /64 of an IPv6 one, because each of its hosts has 2^64 addresses to ask from. */
export function addressKey(address: string | undefined): string {
  if (!address) return 'unknown'
  let key = known.get(address)
  if (key === undefined) {
    if (known.size >= maxKnown) known.clear()
    key = keyOf(address)
    known.set(address, key)
  }
  return key
}

function keyOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${parsed
    .toByteArray()
    .slice(0, 8)
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')}/64`
}
