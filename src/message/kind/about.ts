import type { MailContent, MailKind } from '../parsed-message.ts'
import { noticeOf } from './bounce/notice.ts'
import { namedMessageId, originalOf } from './bounce/original.ts'

/** The mails that a report or an answer is about, by their msg-ids, the nearest first; none of a mail that is neither. */
export function aboutWhat(kind: MailKind, content: MailContent): string[] {
  if (!ABOUT_ANOTHER.has(kind)) return []
  const threads = [...content.inReplyTo, ...content.references.toReversed()]
  return [...new Set(kind === 'auto-reply' ? threads : [...reportedIds(content), ...threads])].slice(0, IDS_MAX)
}

const IDS_MAX = 100

const ABOUT_ANOTHER: ReadonlySet<MailKind> = new Set(['auto-reply', 'disposition', 'feedback', 'challenge'])

function reportedIds(content: MailContent): string[] {
  const notice = noticeOf(content.text ?? '')
  const { thread } = originalOf(content, notice.returned)
  const named = content.reportParts.map(({ text }) => namedMessageId(text.slice(0, 8000).split('\n')))
  const ids = [...named, namedMessageId(notice.lines), thread.messageId].filter((id) => id !== null)
  return [...ids, ...thread.inReplyTo, ...thread.references.toReversed()]
}
