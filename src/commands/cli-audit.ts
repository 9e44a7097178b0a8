/** `mailchute audit ...`: proofs for whoever was not there. */
import type { Command } from 'commander'
import { readConfig } from '../config.ts'

export function auditCommands(program: Command, result: { exitCode: number }): void {
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
}

const config = () => readConfig(process.env, process.cwd())

const collect = (value: string, before: readonly string[]): string[] => [...before, value]
