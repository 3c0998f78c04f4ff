import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { AppError } from '../../core/errors.ts'

/** Whether an address is one that anybody on the internet may reach: not loopback, private, link-local, shared, reserved or a tunnel into such. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  if (parsed instanceof ipaddr.IPv4) return true
  // What is given out is 2000::/3. Tunnels (6to4, Teredo) carry an IPv4 address inside, which `range` of the outer one says nothing about.
  return (parsed.parts[0]! & 0xe000) === 0x2000 && !/^(2002:|2001:0:)/.test(parsed.toNormalizedString())
}

/**
 * A name look-up for a connection that fails unless every address of the name is public. The connection is made to exactly the address that
 * was judged, so that a second answer of the name server cannot lead elsewhere.
 */
export function guardedLookup(allowPrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '')
      const isAllowed = addresses.length > 0 && (allowPrivate || addresses.every(({ address }) => isPublicAddress(address)))
      if (!isAllowed) return callback(new AppError('webhook.url', 'The name leads to an address that is not public'), '')
      if (options.all) return callback(null, addresses)
      callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }
}

/** The address of a webhook: https, no sign-in in it, no private host by number. Throws `webhook.url`. */
export function parseWebhookUrl(text: string, allowPrivate: boolean): URL {
  if (!URL.canParse(text)) throw new AppError('webhook.url', 'Not an address')
  const url = new URL(text)
  const isSecure = url.protocol === 'https:' || (allowPrivate && url.protocol === 'http:')
  if (!isSecure) throw new AppError('webhook.url', 'Only https')
  if (url.username || url.password || url.hash) throw new AppError('webhook.url', 'No user, password or fragment')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && ((ipaddr.isValid(host) && !isPublicAddress(host)) || /(^|\.)(localhost|local|internal)$/i.test(host)))
    throw new AppError('webhook.url', 'The host is not public')
  return url
}
