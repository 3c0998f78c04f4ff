// @ts-expect-error govuk-frontend ships no types
import { initAll } from 'govuk-frontend'
import { digestFiles } from './digestFiles.ts'
import { followProgress } from './followProgress.ts'
import { guardSession } from './guardSession.ts'
import { numberBlanks } from './numberBlanks.ts'
import { sendOnce } from './sendOnce.ts'
import { sendUploads } from './sendUploads.ts'
import { tendTables } from './tendTables.ts'

initAll()
digestFiles()
guardSession()
followProgress()
tendTables()
numberBlanks()
sendOnce()
sendUploads()

const nav = document.querySelector<HTMLElement>('[data-nav]')
const toggle = document.querySelector<HTMLButtonElement>('[data-nav-toggle]')
toggle?.addEventListener('click', () => toggle.setAttribute('aria-expanded', String(nav!.classList.toggle('at-nav--open'))))

// A form that waited for a proof of identity goes on its way by itself.
document.querySelector<HTMLFormElement>('form[data-auto-submit]')?.submit()

// The answer to a form is not asked for again: that would send the form a second time.
const instead = document.querySelector<HTMLAnchorElement>('a[data-instead]')
if (instead) history.replaceState(null, '', instead.href)

for (const button of document.querySelectorAll('[data-print]')) button.addEventListener('click', () => window.print())

// "/" goes to the search field, as people who search all day expect.
document.addEventListener('keydown', event => {
  const target = event.target as HTMLElement
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
  if (target.matches('input:not([type="checkbox"], [type="radio"]), textarea, select')) return
  const search = document.querySelector<HTMLInputElement>('[data-search] input:not([type="hidden"])')
  if (!search) return
  event.preventDefault()
  search.focus()
  search.select()
})
