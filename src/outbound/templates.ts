/**
 * The words of acknowledgements, by language: those of a folder of one's own, else the built-in ones. Read and checked
 * as a whole at the start, so that a slip shows there and not with the first mail.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Problem } from '../config/problem.ts'
import { type AcknowledgeConfig, ConfigError, type MailboxConfig } from '../config.ts'
import { BUILT_IN } from './built-in-templates.ts'

export interface Template {
  readonly language: string
  readonly text: string
  readonly html: string | null
  /** In place of an empty subject. */
  readonly subject: string
}

export interface Templates {
  /** In the mail's language, else in the one that is set, else in English; one's own go before the built-in ones. */
  choose(language: string | null): Template
}

export interface Values {
  readonly ticket: string
  readonly subject: string
  readonly name: string
}

const PLACEHOLDERS = ['ticket', 'subject', 'name'] as const satisfies (keyof Values)[]
const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g

/** Throws ConfigError with everything that is wrong with any of them. */
export function loadTemplates(mailboxes: readonly MailboxConfig[]): ReadonlyMap<string, Templates> {
  const problems: Problem[] = []
  const loaded = new Map<string, Templates>()
  for (const { name, acknowledge } of mailboxes) {
    if (acknowledge !== null) loaded.set(name, templatesOf(acknowledge, settingOf(name), problems))
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return loaded
}

/** No value is looked at for placeholders again, and in HTML none is markup. */
export function fill(template: string, values: Values, isHtml: boolean): string {
  return template.replace(PLACEHOLDER, (_, name: string) => {
    const value = PLACEHOLDERS.find((known) => known === name)
    const text = value === undefined ? '' : values[value]
    return isHtml ? escapeHtml(text) : text
  })
}

const settingOf = (mailbox: string) => `MAILBOX_${mailbox.toUpperCase().replaceAll('-', '_')}_ACKNOWLEDGE_TEMPLATES`

function templatesOf({ templatesDir, language }: AcknowledgeConfig, setting: string, problems: Problem[]): Templates {
  const own = templatesDir === null ? new Map<string, Template>() : readFolder(templatesDir, setting, problems)
  return {
    choose: (wanted) => {
      const languages = [...(wanted === null ? [] : [wanted]), language, 'en']
      const found = languages.map((each) => own.get(each)).find((each) => each !== undefined)
      return found ?? languages.map(builtIn).find((each) => each !== null) ?? EMPTY
    },
  }
}

/** English is always there. */
const EMPTY: Template = { language: 'en', text: '', html: null, subject: '' }

function builtIn(language: string): Template | null {
  const found = Object.hasOwn(BUILT_IN, language) ? BUILT_IN[language] : undefined
  if (found === undefined) return null
  const paragraphs = found.lines.map((line) => `<p>${escapeHtml(line)}</p>`)
  const html = `<!doctype html>\n<html lang="${language}"><body>\n${paragraphs.join('\n')}\n</body></html>\n`
  return { language, text: `${found.lines.join('\n\n')}\n`, html, subject: found.subject }
}

const FILE_NAME = /^acknowledgement\.([a-z]{2,3})\.(txt|html)$/

function readFolder(folder: string, setting: string, problems: Problem[]): Map<string, Template> {
  const reject = (problem: string, hint: string) => problems.push({ setting, problem, hint })
  const templates = new Map<string, Template>()
  try {
    const names = readdirSync(folder).filter((name) => FILE_NAME.test(name))
    const languages = new Set(names.map((name) => FILE_NAME.exec(name)?.[1] ?? ''))
    if (languages.size === 0) reject('its folder holds no template', 'name them like acknowledgement.en.txt')
    for (const language of languages) {
      const read = (kind: string) => readTemplate(folder, names, `acknowledgement.${language}.${kind}`, reject)
      const [text, html] = [read('txt'), read('html')]
      if (text === null) reject(`acknowledgement.${language}.txt is missing`, 'the HTML goes out beside a plain text')
      const subject = (builtIn(language) ?? builtIn('en') ?? EMPTY).subject
      if (text !== null) templates.set(language, { language, text, html, subject })
    }
  } catch (error) {
    reject(`its folder cannot be read (${(error as NodeJS.ErrnoException).code})`, 'check the path and who may read it')
  }
  return templates
}

type Reject = (problem: string, hint: string) => void

function readTemplate(folder: string, names: readonly string[], name: string, reject: Reject): string | null {
  if (!names.includes(name)) return null
  const text = readFileSync(path.join(folder, name), 'utf8')
  for (const [placeholder, written = ''] of text.matchAll(PLACEHOLDER)) {
    if (PLACEHOLDERS.some((known) => known === written)) continue
    reject(`${name} has the unknown placeholder ${placeholder}`, `there are {{${PLACEHOLDERS.join('}}, {{')}}}`)
  }
  return text
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
