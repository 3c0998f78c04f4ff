// Runs before the page's body is painted, so that components that need a script never flash unstyled.
document.body.classList.add('js-enabled', 'govuk-frontend-supported')
