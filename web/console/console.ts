// @ts-expect-error govuk-frontend ships no types
import { initAll } from 'govuk-frontend'

initAll()
