/** `mailchute audit ...`: proofs for whoever was not there. */
import type { Command } from 'commander'
import { readConfig } from '../config.ts'

export function auditCommands(program: Command, signal: AbortSignal, result: { exitCode: number }): void {
  const audit = program.command('audit').description('what proves that the record is whole and unchanged')
  audit
    .command('verify')
    .description('is every event as it was sealed, and every seal?')
    .option('--head <digest>', 'of a seal, noted elsewhere: it must be there; may be given more than once', collect, [])
    .option('--raw', 'the octets of every stored message, too', false)
    .option('--json', 'one JSON object', false)
    .action(async (options: { head: string[]; raw: boolean; json: boolean }) => {
      result.exitCode = await (await import('./audit-verify.ts')).auditVerify(config(), options)
    })
  audit
    .command('balance')
    .description('what became of everything that was ever listed; fails if something is not accounted for')
    .option('--json', 'one JSON object', false)
    .action(async (options: { json: boolean }) => {
      result.exitCode = await (await import('./audit-balance.ts')).auditBalance(config(), options)
    })
  audit
    .command('export')
    .description('a signed bundle of events, seals and digests, to be checked without Mailchute')
    .option('--out <path>', 'a new folder, or a new file that ends in .tar')
    .option('--from <date>', 'events and messages since then, as 2026-11-01 (UTC)')
    .option('--to <date>', 'until then; that day included')
    .option('--mailbox <name>', 'of this one only; of the events of others the digests alone')
    .option('--raw', 'with the mails themselves', false)
    .action(async (options: { out?: string; from?: string; to?: string; mailbox?: string; raw: boolean }) => {
      result.exitCode = await (await import('./audit-export/export.ts')).auditExport(config(), options, signal)
    })
}

const config = () => readConfig(process.env, process.cwd())

const collect = (value: string, before: readonly string[]): string[] => [...before, value]
