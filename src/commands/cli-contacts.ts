/** `mailchute contacts`: who is written to. */
import type { Command } from 'commander'
import { readConfig } from '../config.ts'

export function contactCommands(program: Command): void {
  const contacts = program.command('contacts').description('who wrote in, and whether they are written to')
  contacts
    .command('show <address>')
    .description('why an address gets no acknowledgements')
    .option('--json', 'one JSON object', false)
    .action(async (address: string, options: { json: boolean }) =>
      (await import('./contacts.ts')).showContact(readConfig(process.env, process.cwd()), address, options),
    )
  contacts
    .command('reset <address>')
    .description('acknowledge them again, after a complaint or a bounce')
    .option('--note <text>', 'why, for the record: no personal data')
    .action(async (address: string, options: { note?: string }) =>
      (await import('./contacts.ts')).resetContact(readConfig(process.env, process.cwd()), address, options),
    )
}
