import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ConfigError, type MailboxConfig, readConfig } from '../../../src/config.ts'
import { BUILT_IN } from '../../../src/outbound/built-in-templates.ts'
import { loadTemplates, type Templates } from '../../../src/outbound/templates.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mailchute-templates-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
  return folder
}

function mailboxes(over: Record<string, string>): readonly MailboxConfig[] {
  return readConfig(
    {
      MAILBOX_A_B_URL: 'pop3s://support%40example.com@pop.example.com',
      MAILBOX_A_B_PASSWORD: 'secret',
      MAILBOX_A_B_SMTP_URL: 'smtps://smtp.example.com',
      MAILBOX_A_B_ACKNOWLEDGE: 'on',
      ...over,
    },
    '/nonexistent',
  ).mailboxes
}

function load(files: Record<string, string> | null, language = 'en'): Templates {
  const own = files === null ? {} : { MAILBOX_A_B_ACKNOWLEDGE_TEMPLATES: folderWith(files) }
  const loaded = loadTemplates(mailboxes({ ...own, MAILBOX_A_B_ACKNOWLEDGE_LANGUAGE: language })).get('a-b')
  if (loaded === undefined) throw new Error('no templates')
  return loaded
}

function problemsOf(folder: string): string[] {
  try {
    loadTemplates(mailboxes({ MAILBOX_A_B_ACKNOWLEDGE_TEMPLATES: folder }))
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ setting, problem }) => `${setting}: ${problem}`)
    throw error
  }
  return []
}

describe('the words of an acknowledgement', () => {
  test('are there in these languages, each with the ticket number and nothing that the sender wrote', () => {
    expect(Object.keys(BUILT_IN).toSorted()).toEqual(['de', 'en', 'es', 'fr', 'it', 'nl', 'pl', 'pt'])
    for (const language of Object.keys(BUILT_IN)) {
      const { text, html, language: chosen } = load(null).choose(language)
      expect([chosen, text.match(/\{\{\w+\}\}/g), html?.match(/\{\{\w+\}\}/g)]).toEqual([
        language,
        ['{{ticket}}'],
        ['{{ticket}}'],
      ])
    }
  })

  test('are in the language of the mail, else in the one that is set, else in English', () => {
    expect(load(null, 'de').choose('fr').language).toBe('fr')
    expect(load(null, 'de').choose('fi').language).toBe('de')
    expect(load(null, 'de').choose(null).language).toBe('de')
    expect(load(null, 'fi').choose('constructor').language).toBe('en')
  })

  test("are one's own before the built-in ones", () => {
    const own = load(
      { 'acknowledgement.de.txt': 'Nr. {{ticket}}', 'acknowledgement.de.html': '<b>{{ ticket }}</b>' },
      'de',
    )
    expect(own.choose('de')).toMatchObject({ text: 'Nr. {{ticket}}', html: '<b>{{ ticket }}</b>' })
    expect(own.choose('fr').text).toBe('Nr. {{ticket}}')
    expect(load({ 'acknowledgement.fi.txt': 'x' }, 'de').choose('fr').language).toBe('fr')
    expect(load({ 'acknowledgement.fi.txt': 'x' }).choose('fi')).toMatchObject({ text: 'x', html: null })
  })

  test('that are wrong are told at the start, all at once and with the setting', () => {
    const folder = folderWith({
      'acknowledgement.de.txt': '{{tickets}} {{ticket}}',
      'acknowledgement.fr.html': '<p>{{ body }}</p>',
      'notes.txt': '{{whatever}}',
    })
    const setting = 'MAILBOX_A_B_ACKNOWLEDGE_TEMPLATES'
    expect(problemsOf(folder).toSorted()).toEqual([
      `${setting}: acknowledgement.de.txt has the unknown placeholder {{tickets}}`,
      `${setting}: acknowledgement.fr.html has the unknown placeholder {{ body }}`,
      `${setting}: acknowledgement.fr.txt is missing`,
    ])
    expect(problemsOf('/nonexistent/templates')).toEqual([`${setting}: its folder cannot be read (ENOENT)`])
    expect(problemsOf(folderWith({}))).toEqual([`${setting}: its folder holds no template`])
  })
})
