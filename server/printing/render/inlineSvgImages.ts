/**
 * Returns an SVG in which pictures that are themselves SVG (Typst embeds them as data addresses) stand as nested `<svg>`
 * elements: viewers then draw them as vectors, and none refuses them.
 */
export function inlineSvgImages(svg: string): string {
  return svg.replace(
    /<image\b[^>]*?xlink:href="data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)"[^>]*?\/>(?:\s*<\/image>)?/g,
    (tag, base64: string) => {
      const source = Buffer.from(base64, 'base64').toString('utf8')
      const open = source.indexOf('<svg')
      const viewBox = /viewBox="([^"]+)"/.exec(source)?.[1]
      const attribute = (name: string) => new RegExp(` ${name}="([^"]+)"`).exec(tag)?.[1]
      const inner = source.slice(source.indexOf('>', open) + 1, source.lastIndexOf('</svg>'))
      const transform = attribute('transform')
      const nested = `<svg width="${attribute('width')}" height="${attribute('height')}" viewBox="${viewBox}" preserveAspectRatio="none">${inner}</svg>`
      return transform ? `<g transform="${transform}">${nested}</g>` : nested
    },
  )
}
