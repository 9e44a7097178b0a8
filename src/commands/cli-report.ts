/** What is told of a command that failed, and its exit code. */
import { type Command, CommanderError } from 'commander'
import { asMailchuteError, ERROR_CATALOGUE, MailchuteError } from '../errors.ts'
import { printError } from './terminal.ts'

/** `argv` is what `program` was called with. */
export function report(thrown: unknown, program: Command, argv: readonly string[]): number {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return 0
    // A command that only holds others has shown its help.
    if (thrown.code === 'commander.help') return ERROR_CATALOGUE['usage/invalid'].exitCode
  }
  const called = calledOf(program, argv)
  const error = thrown instanceof CommanderError ? misspelt(thrown, called) : asMailchuteError(thrown)
  printError(isHelpless(error) ? new MailchuteError(error.code, error.message, { hint: helpOf(called) }) : error)
  if (error.code === 'internal/bug' && error.cause instanceof Error) process.stderr.write(`${error.cause.stack}\n`)
  return error.exitCode
}

/** The commands that were named, the innermost last. */
function calledOf(program: Command, argv: readonly string[]): readonly Command[] {
  const called = [program]
  for (const word of argv) {
    const inner = called.at(-1)?.commands.find((each) => each.name() === word || each.aliases().includes(word))
    if (inner === undefined) break
    called.push(inner)
  }
  return called
}

function misspelt({ code, message }: CommanderError, called: readonly Command[]): MailchuteError {
  const command = called.at(-1)
  // One that lists by itself and has commands, too, takes the name of one that is not there for an argument.
  const isNoCommand = code === 'commander.excessArguments' && (command?.commands.length ?? 0) > 0
  if (isNoCommand)
    return new MailchuteError('usage/invalid', `'${command?.name()}' has no command '${command?.args[0]}'`)
  return new MailchuteError('usage/invalid', message.replace(/^error: /, '').replaceAll('\n', ' '))
}

const isHelpless = ({ code, hint }: MailchuteError): boolean =>
  code === 'usage/invalid' && hint === ERROR_CATALOGUE['usage/invalid'].hint

const helpOf = (called: readonly Command[]): string => `see \`${called.map((each) => each.name()).join(' ')} --help\``
