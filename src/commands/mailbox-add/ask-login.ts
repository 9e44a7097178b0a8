/** Who logs in to the mailbox, and with what. */
import { type Answers, isMicrosoft } from './answers.ts'
import { type Asking, needed, problemWith } from './asking.ts'
import { domainOf, isConsumerAddress, type Kind } from './guess.ts'
import type { Choice } from './prompt.ts'

type Login = Pick<Answers, 'login' | 'password' | 'clientId' | 'clientSecret' | 'clientSecretExpires' | 'tenant'>

export async function askLogin(asking: Asking, known: Answers): Promise<Login> {
  const { prompt, before } = asking
  const ways = WAYS.filter(({ kinds }) => kinds.includes(known.kind))
  const [first] = ways
  const login =
    ways.length > 1 ? await prompt.choose('Who logs in?', ways, before.login ?? 'person') : (first?.value ?? 'password')
  if (login !== 'password') return askClient(asking, { ...known, login })
  const password = await askSecret(asking, 'Password', before.password, (written) =>
    problemWith(asking, { ...known, password: written }),
  )
  return { login, password, clientId: '', clientSecret: '', clientSecretExpires: '', tenant: '' }
}

/** Nothing keeps the one that was given before. */
async function askSecret(
  { prompt }: Asking,
  message: string,
  before = '',
  check: (written: string) => string | undefined = () => undefined,
): Promise<string> {
  const isKept = before !== ''
  const shown = isKept ? `${message} (nothing: the one before)` : message
  const written = await prompt.secret(shown, (each) => {
    if (each === '') return isKept ? undefined : needed(each)
    return check(each)
  })
  return written === '' ? before : written
}

const WAYS: readonly (Choice<Answers['login']> & { readonly kinds: readonly Kind[] })[] = [
  { value: 'person', label: 'A person, once, in a browser', kinds: ['outlook', 'microsoft-365', 'gmail'] },
  {
    value: 'application',
    label: 'The application itself, with a secret',
    hint: 'client credentials; an administrator has to grant it the mailbox',
    kinds: ['microsoft-365'],
  },
  { value: 'password', label: 'An app password of Google', kinds: ['gmail'] },
  { value: 'password', label: 'A password', kinds: ['imap', 'pop3'] },
]

async function askClient(asking: Asking, known: Answers): Promise<Login> {
  const { prompt, before } = asking
  prompt.say('This needs an app registration of yours: docs/outlook.md says how to make one, click by click.')
  const clientId = await prompt.text('Application (client) id', before.clientId ?? '', needed)
  const isNeeded = known.login === 'application' || known.kind === 'gmail'
  const clientSecret = isNeeded
    ? await askSecret(asking, 'Client secret (its value, not its id)', before.clientSecret)
    : await prompt.secret('Client secret (nothing, where the app has none)', () => undefined)
  const client = { ...known, clientId, clientSecret }
  const clientSecretExpires = clientSecret === '' ? '' : await askExpiry(asking, client)
  const tenant = isMicrosoft(known.kind) ? await askTenant(asking, client) : ''
  return { login: known.login, password: '', clientId, clientSecret, clientSecretExpires, tenant }
}

function askExpiry(asking: Asking, known: Answers): Promise<string> {
  const { prompt, before } = asking
  return prompt.text(
    'When does the secret end? (nothing: not known; else you are told weeks before)',
    before.clientSecretExpires ?? '',
    (written) => problemWith(asking, { ...known, clientSecretExpires: written }),
    '2028-05-31',
  )
}

function askTenant(asking: Asking, known: Answers): Promise<string> {
  const { prompt, before } = asking
  const { kind, address } = known
  const guess = kind === 'outlook' || isConsumerAddress(address) ? 'consumers' : domainOf(address)
  const check = (tenant: string) => needed(tenant) ?? problemWith(asking, { ...known, tenant })
  return prompt.text(
    'Tenant (id or domain of the organisation; consumers for Outlook.com)',
    before.tenant || guess,
    check,
  )
}
