import { Html } from './html.ts'

const stroke = 'fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"'
const icon = (inside: string) => new Html(`<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">${inside}</svg>`)

/** Shapes that differ without their colour: a tick in a circle, a cross in an octagon, a mark in a triangle. */
export const icons = {
  good: icon(`<circle cx="12" cy="12" r="10" ${stroke}/><path d="M7.3 12.4l3.2 3.2 6.3-7" ${stroke}/>`),
  bad: icon(`<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z" ${stroke}/><path d="M8.7 8.7l6.6 6.6m0-6.6l-6.6 6.6" ${stroke}/>`),
  unsure: icon(`<path d="M12 2.8L22.4 21H1.6z" ${stroke}/><path d="M12 9.5v5M12 17.7v.1" ${stroke}/>`),
  none: icon(`<circle cx="12" cy="12" r="10" ${stroke}/><path d="M8 12h8" ${stroke}/>`),
  waiting: icon(`<path d="M12 2a10 10 0 1 1-10 10" ${stroke}/>`),
}
