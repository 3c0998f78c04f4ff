const names: Record<string, string> = {
  agency: 'diploma.fieldAgency',
  soHieu: 'diploma.fieldSoHieu',
  ngaySinh: 'diploma.fieldNgaySinh',
  holderName: 'diploma.fieldHolderName',
  awarded: 'diploma.fieldAwarded',
  title: 'diploma.fieldTitle',
  classification: 'diploma.fieldClassification',
}

/** The fields of a comparison that stand in one of these ways to the register, by name and comma. */
export function namedFields(
  fields: Readonly<Record<string, string>>,
  kinds: readonly ('match' | 'partial' | 'differs')[],
  text: (key: string) => string,
): string {
  return Object.entries(fields)
    .filter(([, match]) => kinds.some(kind => kind === match))
    .map(([field]) => text(names[field] ?? field))
    .join(', ')
}
