import ipaddr from 'ipaddr.js'

/** What counts as one asker: an IPv4 address, or the /64 of an IPv6 one, because each of its hosts has 2^64 addresses to ask from. */
export function addressKey(address: string | undefined): string {
  if (!address || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${parsed
    .toByteArray()
    .slice(0, 8)
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')}/64`
}
