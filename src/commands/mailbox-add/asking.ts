/** What the questions share. */
import { type Answers, draftOf } from './answers.ts'
import { problemOf, type Surroundings } from './draft.ts'
import type { Prompt } from './prompt.ts'

export interface Asking {
  readonly prompt: Prompt
  readonly surroundings: Surroundings
  /** What was answered the last time; shown again to be kept or changed. */
  readonly before: Partial<Answers>
}

/** Right as far as settings can be, and nothing that anybody answered: what is not asked yet must not be at fault. */
export const UNASKED: Answers = {
  address: 'somebody@mailchute.example',
  kind: 'pop3',
  protocol: 'pop3',
  place: 'mailchute.example',
  encryption: 'tls',
  user: 'somebody@mailchute.example',
  login: 'password',
  password: 'unasked',
  clientId: 'unasked',
  clientSecret: '',
  clientSecretExpires: '',
  tenant: '',
  afterwards: 'delete',
  keepFor: '7d',
  folder: 'Processed',
  // Last in the order of names, so that it is the one blamed where two are the same mailbox.
  name: 'zzz-unasked',
}

/** undefined: right. */
export function problemWith({ surroundings }: Asking, answers: Answers): string | undefined {
  return problemOf(draftOf(answers), surroundings)
}

export const needed = (answer: string): string | undefined => (answer === '' ? 'it is needed' : undefined)
