/** `mailchute mailbox add` and `remove`: the commands that change settings. */
import type { Command } from 'commander'
import type { AddOptions } from './mailbox-add/options.ts'

export function settingCommands(mailbox: Command, signal: AbortSignal, result: { exitCode: number }): void {
  const surroundings = () => ({ env: process.env, cwd: process.cwd() })
  mailbox
    .command('add [name]')
    .description('asks what it needs, tries it, shows what is there, and writes it into .env')
    .option('--url <url>', 'as MAILBOX_<NAME>_URL: asks nothing, for scripts')
    .option('--password-file <file>', 'where its password is and stays')
    .option('--password-stdin', 'its password comes from standard input', false)
    .option('--access-token-file <file>', 'where something else keeps a fresh access token')
    .option('--oauth-client-id <id>', 'of your app registration')
    .option('--oauth-client-secret-file <file>', 'where its secret is and stays')
    .option('--oauth-client-secret-expires <date>', 'as 2028-05-31')
    .option('--oauth-tenant <tenant>', 'id or domain of the organisation, or consumers')
    .option('--oauth-provider <provider>', 'microsoft, google or other')
    .option('--oauth-grant <grant>', 'login or client-credentials')
    .option('--oauth-authority <url>', 'below which /oauth2/v2.0/token stands')
    .option('--no-test', 'write it without a try')
    .action(async (name: string | undefined, options: AddOptions) => {
      const { addMailbox } = await import('./mailbox-add/add.ts')
      result.exitCode = await addMailbox(name, options, surroundings(), signal)
    })
  mailbox
    .command('remove <name>')
    .description('takes it out of .env and forgets its login; messages and tickets stay')
    .option('--yes', 'do not ask', false)
    .action(async (name: string, options: { yes: boolean }) => {
      const { removeMailbox } = await import('./mailbox-remove.ts')
      result.exitCode = await removeMailbox(name, options, surroundings(), signal)
    })
}
