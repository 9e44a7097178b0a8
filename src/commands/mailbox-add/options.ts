/** `mailchute mailbox add NAME --url URL ...`: for scripts, and wherever nobody can be asked. */
import { text } from 'node:stream/consumers'
import { MailchuteError } from '../../errors.ts'
import { type Draft, nameOf } from './draft.ts'

export interface AddOptions {
  readonly url?: string
  readonly passwordFile?: string
  readonly passwordStdin?: boolean
  readonly accessTokenFile?: string
  readonly oauthClientId?: string
  readonly oauthClientSecretFile?: string
  readonly oauthClientSecretExpires?: string
  readonly oauthTenant?: string
  readonly oauthProvider?: string
  readonly oauthGrant?: string
  readonly oauthAuthority?: string
  /** False: `--no-test`. */
  readonly test: boolean
}

const SUFFIXES = {
  url: 'URL',
  passwordFile: 'PASSWORD_FILE',
  accessTokenFile: 'ACCESS_TOKEN_FILE',
  oauthClientId: 'OAUTH_CLIENT_ID',
  oauthClientSecretFile: 'OAUTH_CLIENT_SECRET_FILE',
  oauthClientSecretExpires: 'OAUTH_CLIENT_SECRET_EXPIRES',
  oauthTenant: 'OAUTH_TENANT',
  oauthProvider: 'OAUTH_PROVIDER',
  oauthGrant: 'OAUTH_GRANT',
  oauthAuthority: 'OAUTH_AUTHORITY',
} as const satisfies Partial<Record<keyof AddOptions, string>>

export async function draftFrom(
  name: string | undefined,
  options: AddOptions,
  input: NodeJS.ReadableStream,
): Promise<Draft> {
  const settings = Object.entries(SUFFIXES).flatMap(([option, suffix]) => {
    const value = options[option as keyof typeof SUFFIXES]
    return value === undefined ? [] : [[suffix, value] as const]
  })
  const password = options.passwordStdin ? (await text(input)).replace(/\r?\n$/, '') : ''
  return { name: nameFrom(name), settings: { ...Object.fromEntries(settings), PASSWORD: password } }
}

function nameFrom(name: string | undefined): string {
  const found = name === undefined ? null : nameOf(name)
  if (found !== null) return found
  throw new MailchuteError('usage/invalid', 'the mailbox has no name', {
    hint: 'write `mailchute mailbox add NAME --url URL`, NAME of letters, digits and -',
  })
}
