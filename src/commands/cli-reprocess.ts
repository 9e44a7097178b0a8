/** `mailchute messages reprocess`, for one message or many. */
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import type { ReprocessOptions } from './reprocess.ts'

export function reprocessCommand(messages: Command): void {
  messages
    .command('reprocess [ids...]')
    .alias('release')
    .description('work quarantined or suppressed messages again, by id, or those that --state, --mailbox ... choose')
    .option('--reason <code>', 'that are so for this reason')
    .option('--since <date>', 'received since then, as 2026-11-01 (UTC)')
    .option('--until <date>', 'until then; that day included')
    .option('--judge-again', 'what it was held for may hold it again; else that counts as decided', false)
    .option('--note <text>', 'why, for the record')
    .option('--dry-run', "what today's rules would decide, ticketed ones too; changes nothing", false)
    .action(async (ids: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<ReprocessOptions>()
      await (await import('./reprocess.ts')).reprocessMessages(readConfig(process.env, process.cwd()), ids, options)
    })
}
