/** What removes mail for good. */
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import type { EraseCommand } from './erase.ts'

export function eraseCommand(program: Command, signal: AbortSignal): void {
  program
    .command('erase')
    .description("removes a person's mail everywhere, and prints a certificate of it")
    .requiredOption('--address <address>', 'in any spelling; subaddresses are addresses of their own')
    .option('--mentions', 'mails of others that name the address, too', false)
    .option('--dry-run', 'only say what it would be', false)
    .option('--yes', 'it cannot be undone', false)
    .option('--json', 'one JSON object', false)
    .action(async (options: EraseCommand) => {
      await (await import('./erase.ts')).eraseAddress(readConfig(process.env, process.cwd()), options, signal)
    })
}
