import type { DemonstrationClients, DemonstrationUser } from '../staff/demonstration/provider.ts'

const agency = 'G09'
/** Of a row of data/diplomas.csv. */
const graduateNumber = '001177000123'

/** Who signs in under a demonstration; one person a role, two administrators. `holderNumber` is the personal number of an officer. */
export function demonstrationUsers(holderNumber: string): DemonstrationUser[] {
  const person = (username: string, name: string, ...roles: DemonstrationUser['roles'][number][]) => ({
    username,
    password: `mau-${username}`,
    name,
    roles,
    agency,
  })
  return [
    person('maker', 'Mẫu Lập Hồ Sơ', 'maker'),
    person('approver', 'Mẫu Phê Duyệt', 'approver'),
    person('printer', 'Mẫu In Thẻ', 'printer'),
    person('auditor', 'Mẫu Kiểm Tra', 'auditor'),
    person('admin', 'Mẫu Quản Trị', 'admin'),
    person('admin2', 'Mẫu Quản Trị Hai', 'admin'),
    { ...person('holder', 'Mẫu Cán Bộ', 'holder'), personalNumber: holderNumber },
    // No officer and without any role: only a diploma is hers.
    { ...person('graduate', 'Đỗ Thị Ngọc Hằng'), personalNumber: graduateNumber },
  ]
}

/** Programs that sign in under a demonstration: the console, the command line, one machine. */
export function demonstrationClients(consoleSecret: string): DemonstrationClients {
  return {
    console: { clientId: 'antin-console', clientSecret: consoleSecret },
    cli: { clientId: 'antin-cli' },
    machines: [
      { clientId: 'may-mau', clientSecret: 'mau-may-mau', agency, scopes: ['cards:write', 'diplomas:write', 'verify:bulk', 'audit:read'] },
    ],
  }
}
