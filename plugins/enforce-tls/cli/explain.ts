/**
 * `enforce-tls explain`: what would happen to a message, and why, by the very code that decides at a delivery.
 */
import { Option } from '@commander-js/extra-typings'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { consequenceOf, requirementTried, type Consequence } from '../check/consequence.js'
import { packagedPreview } from '../console/preview-bounce.js'
import type { BounceTexts } from '../delivery/bounce/compose.js'
import { readSenderHelp } from '../rules/sender-help.js'
import type { PartnerCheck } from '../check/types.js'
import { formatAddress } from '../rules/address.js'
import { explain } from '../rules/explain.js'
import type { Explanation } from '../rules/explanation.js'
import { explanationData } from '../rules/explanation-data.js'
import { asQueued, HEADER_BYTES_MAX, HeaderBlock } from '../rules/header-block.js'
import type { MessageView } from '../rules/match.js'
import { ownersOf, serviceDomainOf } from '../rules/owner.js'
import { waiverOf, type Waiver } from '../requiretls/waiver.js'
import { LANGUAGES, type Language } from '../text/language.js'
import { quote } from '../text/quote.js'
import { fileProblem } from '../store/file/errors.js'
import { StoreError } from '../store/rule-store.js'
import { readable, readOwnerParts } from '../policy/read-parts.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { dnsOption, hostOf, serverOf } from './check-targets.js'
import { showCheck } from './format-check.js'
import { addressOf, senderOf } from './rule-entries.js'
import { ownerHint } from './hints.js'
import { showExplanation } from './explanation.js'
import { notTaken } from '../admin/store-memory.js'
import { memoryIn } from './haraka-memory.js'
import { uncoveredRemark } from './format-forwarded.js'
import { Ended, Refusal, WrongUse } from './refusal.js'
import { atOnce } from '../work/pieces.js'

interface ExplainOptions {
  readonly from: string
  readonly to: string
  readonly message?: string | undefined
  readonly direction: string
  readonly probe?: true | undefined
  readonly bounce?: true | undefined
  readonly language?: Language | undefined
  readonly dns?: string | undefined
  readonly mx?: string | undefined
}

/** Adds the `explain` command to the program. */
export function addExplainCommand(program: Root, withStore: WithStore): void {
  program
    .command('explain')
    .description('say what would happen to a message, and why: every rule that is looked at, in order')
    .requiredOption('--from <sender>', "the envelope sender; '<>' is the null sender of bounces")
    .requiredOption('--to <recipient>', 'the envelope recipient')
    .option(
      '--message <file>',
      'the message, for rules that look at its subject or header, and for TLS-Required: No',
    )
    .option('--direction <direction>', 'outgoing, or incoming: mail for a recipient of yours', 'outgoing')
    .option('--probe', "ask the recipient's mail servers too, as the command check does")
    .option('--bounce', 'with what --probe finds: the bounce that the sender would get, if there is one')
    .addOption(
      new Option(
        '--language <language>',
        'with --bounce: its language, whatever message and domain say',
      ).choices(LANGUAGES),
    )
    .addOption(dnsOption('with --probe: '))
    .option('--mx <host:port>', 'with --probe: ask this host instead of those that DNS names')
    .addHelpText(
      'after',
      examples(
        'explain --from ann@acme.example --to cfo@bank.example',
        'explain --from ann@acme.example --to cfo@bank.example --message mail.eml --json',
        'explain --from ann@acme.example --to cfo@bank.example --probe',
        'explain --from ann@acme.example --to cfo@bank.example --bounce',
        'explain --from ann@acme.example --to cfo@bank.example --bounce --mx mx.bank.example:25',
        'explain --direction incoming --from cfo@bank.example --to ann@acme.example',
      ),
    )
    .action((options, command) =>
      withStore(command.optsWithGlobals(), (context) => explainMessage(context, options)),
    )
}

async function explainMessage(context: Context, options: ExplainOptions): Promise<void> {
  const { store, output, settings } = context
  const { message, header } = await messageOf(context, options)
  const owners = ownersOf(message.direction === 'outgoing' ? message.sender : message.recipient)
  const [groups, parts] = await Promise.all([
    readable(store.groups()),
    Promise.all(owners.map((owner) => readOwnerParts(store, owner))),
  ])
  const explanation = atOnce(explain(parts, groups, message))
  const { reportOnly, forwardedMail } = settings.main
  const waiver = waiverOf(
    message,
    explanation.ruling,
    context.folder === null ? null : settings.requiretls.honourNo,
  )
  const forwarded = context.folder === null ? {} : { forwardedMail }
  if (options.language !== undefined && !options.bounce)
    throw new WrongUse(['--language belongs to --bounce'])
  const asks = options.probe === true || options.bounce === true
  const check = asks ? await probed(context, message, explanation, options) : null
  const untaken = await notTaken(store, memoryIn(context))
  const given = { message, header, taken: untaken === null, waiver }
  const tried = check && (await triedOut(context, given, explanation, check, options))
  const probe = tried === null ? {} : { probe: check, ...tried }
  const taking = untaken === null ? {} : { certain: false, notTaken: untaken }
  output.data({
    ...explanationData(message, explanation),
    waiver,
    reportOnly,
    ...forwarded,
    ...taking,
    ...probe,
  })
  if (untaken !== null) {
    output.line(untaken)
    output.line(
      'So what happens is unknown here: a Haraka goes by the rules that it has read before, and other mail waits. By this store alone:',
    )
  }
  showExplanation(context, message, explanation)
  if (waiver !== null) output.line(waiver.sentence)
  await warnOfUnknown(context, owners)
  const covers = message.direction === 'outgoing' && explanation.ruling?.requirement != null
  const remark = covers ? uncoveredRemark(context) : null
  if (remark !== null) output.line(remark)
  if (reportOnly) output.line('Nothing of this is enforced, because report_only=true is set.')
  if (check !== null) {
    output.line('')
    showCheck(output, check)
  }
  if (tried !== null) {
    output.line('')
    output.line(tried.sentence)
    if (tried.bounce) {
      output.line('')
      output.line(`Subject: ${tried.bounce.subject}`)
      output.line('')
      for (const line of tried.bounce.text.trimEnd().split(/\r?\n/))
        output.code(line, Math.floor(line.search(/\S|$/) / 2))
    } else if (tried.bounce === null) output.line('There is no bounce for that.')
  }
  // Exit code 1: what the answer depends on is not valid.
  if (explanation.ruling === null) throw new Ended(1)
}

/** Says where a domain is not known, while a name near to it is. */
async function warnOfUnknown({ store, output }: Context, owners: readonly string[]): Promise<void> {
  const domain = owners.map(serviceDomainOf).find((each) => each !== null)
  if (output.json || domain === undefined) return
  try {
    const hint = await ownerHint(store, domain)
    if (hint !== '') output.line(`Nothing is known of ${domain}${hint}`)
  } catch (error) {
    // What cannot be read is told above.
    if (!(error instanceof StoreError)) throw error
  }
}

/** What the recipient's servers would do; where nothing is required, at level encrypt. */
async function probed(
  { partners }: Context,
  { direction, recipient }: MessageView,
  { ruling }: Explanation,
  { dns, mx }: ExplainOptions,
): Promise<PartnerCheck> {
  if (direction === 'incoming')
    throw new WrongUse(['--probe is for outgoing mail: the servers of a recipient of yours are your own'])
  const { domain } = recipient
  const { check } = await partners(dns === undefined ? undefined : serverOf(dns))
  const requirement = requirementTried(ruling ?? { requirement: null, reported: [] }, domain)
  return check({
    ...{ domain, recipient: formatAddress(recipient), requirement, published: true },
    ...(mx === undefined ? {} : { mx: hostOf(mx) }),
  })
}

/** What follows from rules and servers, and on request the bounce of that. */
async function triedOut(
  { store, settings, folder }: Context,
  {
    message,
    header,
    taken,
    waiver,
  }: GivenMessage & { readonly taken: boolean; readonly waiver: Waiver | null },
  { ruling, open: depends }: Explanation,
  check: PartnerCheck,
  { bounce, language }: ExplainOptions,
): Promise<Consequence & { readonly bounce?: BounceTexts | null }> {
  const { direction, sender, recipient } = message
  const { reportOnly } = settings.main
  const certain = depends.length === 0
  const consequence = consequenceOf({ direction, ruling, taken, certain, reportOnly, check, waiver })
  if (!bounce) return consequence
  const { outcome } = consequence
  if (!ruling || sender.domain === '' || !['bounced', 'waits'].includes(outcome))
    return { ...consequence, bounce: null }
  const requirement = requirementTried(ruling, recipient.domain)
  const { help } = readSenderHelp(await store.readService(sender.domain))
  const request = { sender, recipient, requirement, check, header, help, language }
  const { subject, text, html } = await packagedPreview(request, settings, folder)
  return { ...consequence, bounce: { subject, text, html } }
}

/** The message, and its beginning as it was given; empty where it was not. */
interface GivenMessage {
  readonly message: MessageView
  readonly header: string
}

async function messageOf({ output }: Context, options: ExplainOptions): Promise<GivenMessage> {
  const { direction, message: name } = options
  if (direction !== 'outgoing' && direction !== 'incoming')
    throw new Refusal([`--direction ${quote(direction)} is not one of outgoing, incoming`])
  const sender = senderOf(options.from)
  const recipient = addressOf('--to', options.to)
  const file = name === undefined ? undefined : path.resolve(output.terminal.cwd(), name)
  const given = file === undefined ? undefined : await beginningOf(file)
  const headers = given && new HeaderBlock(asQueued(given))
  const message = { direction, sender, recipient, headers, now: Date.now() } as const
  return { message, header: given?.toString() ?? '' }
}

async function beginningOf(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file)
    // One byte more than is looked at tells that there is more.
    const length = HEADER_BYTES_MAX + 1
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    throw new Refusal([`--message ${file} ${fileProblem(error)}`])
  }
}
