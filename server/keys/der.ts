/** One DER element as it lies in `source`: `bytes` all of it, `content` without tag and length. */
export interface DerNode {
  tag: number
  bytes: Uint8Array
  content: Uint8Array
}

/** Reads one definite-length element at the beginning of `source` (X.690). Throws RangeError when it is cut or malformed. */
export function readDer(source: Uint8Array): DerNode {
  const [tag, first] = [source[0], source[1]]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new RangeError('no DER element')
  let [length, header] = [first, 2]
  if (first >= 0x80) {
    const bytes = first - 0x80
    if (bytes === 0 || bytes > 4) throw new RangeError('no DER length')
    length = 0
    for (let i = 0; i < bytes; i++) length = length * 256 + (source[2 + i] ?? 0)
    header += bytes
  }
  if (header + length > source.length) throw new RangeError('a DER element is cut')
  return { tag, bytes: source.subarray(0, header + length), content: source.subarray(header, header + length) }
}

/** The elements inside a constructed one, in order. Throws RangeError. */
export function derChildren(node: DerNode): DerNode[] {
  const children: DerNode[] = []
  for (let rest = node.content; rest.length > 0; rest = rest.subarray(children[children.length - 1]!.bytes.length))
    children.push(readDer(rest))
  return children
}

/** An element of `tag` over the parts one after another. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  const { length } = content
  const size =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x10000
          ? [0x82, length >> 8, length & 255]
          : [0x83, length >> 16, (length >> 8) & 255, length & 255]
  return new Uint8Array(Buffer.concat([Buffer.from([tag, ...size]), content]))
}

/** An object identifier from its dotted form. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f]
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) groups.unshift((high & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return der(0x06, Uint8Array.from(bytes))
}

/** The dotted form of an object identifier's element; '' for any other element. */
export function oidText(node: DerNode | undefined): string {
  if (node?.tag !== 0x06) return ''
  const arcs: number[] = []
  let arc = 0
  for (const byte of node.content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)))
    else arcs.push(arc)
    arc = 0
  }
  return arcs.join('.')
}
