import type { MailContent } from '../parsed-message.ts'

/** What the writer added, apart from what was quoted, and without the signature. When in doubt the text stays. */
export function replyOf({ text }: Pick<MailContent, 'text' | 'html' | 'subject'>): string | null {
  return text
}
