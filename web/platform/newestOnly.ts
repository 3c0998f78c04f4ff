/** Begins one question after another; what each answers tells whether it is still the newest, so that a slow answer to an older one is not shown. */
export function newestOnly(): () => () => boolean {
  let questions = 0
  return () => {
    const mine = ++questions
    return () => mine === questions
  }
}
