/** One thing looked at; `mend` says what to do about it. English, for operators. */
export interface Finding {
  readonly what: string
  readonly state: 'ok' | 'warning' | 'wrong'
  readonly detail: string
  readonly mend?: string
}

export function ok(what: string, detail: string): Finding {
  return { what, state: 'ok', detail }
}

export function warning(what: string, detail: string, mend: string): Finding {
  return { what, state: 'warning', detail, mend }
}

export function wrong(what: string, detail: string, mend: string): Finding {
  return { what, state: 'wrong', detail, mend }
}
