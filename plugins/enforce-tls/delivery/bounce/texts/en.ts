/** Bounce and notice of delay in English. */
import { definitionOf } from '../../failure-classes.js'
import { failures, listed, wayOut } from './en-failures.js'
import { ended, gatewayFault, isOther, timesIn } from './grammar.js'
import { causeOf, demandOf, reasonOf, rulesIn } from './en-reasons.js'
import type { GatewayFailure, NoticeTexts } from './types.js'

/** So many recipients are named in the first sentence. */
const NAMED = 3

/** Above a notice in another language that has the English one below. */
export const englishBelow = 'English text below.'

/** The English texts. */
export const en: NoticeTexts & { readonly language: 'en' } = {
  language: 'en',
  labels: {
    from: 'Mail Delivery System',
    advice: 'What to do next',
    tell: 'What you can pass on to them',
    contact: 'Who to ask:',
    link: 'More about encrypted mail:',
    reason: 'Why',
    message: 'Which message',
    to: 'To:',
    subject: 'Subject:',
    dated: 'Sent:',
    messageId: 'Message-ID:',
    code: 'Code:',
    tried: 'What was tried',
  },
  title: (fate, problem) =>
    fate === 'delayed'
      ? 'Your message is delayed'
      : isOther(problem)
        ? 'Your message was not delivered'
        : 'Your message was not sent',
  subjectLine: ({ fate, problem, domain, several }) => {
    const isDelayed = fate === 'delayed'
    const yet = isDelayed ? ' yet' : ''
    const what = isDelayed ? 'Delayed' : isOther(problem) ? 'Not delivered' : 'Not sent'
    switch (problem) {
      case 'encryption':
        return `${what}: ${domain} cannot receive your message encrypted${yet}`
      case 'certificate':
        return `${what}: the ${several ? 'certificates of the mail servers' : 'certificate of the mail server'} of ${domain} could not be verified${yet}`
      case 'server':
      case 'look-up':
        return `${what}: the mail server of ${domain} could not be verified${yet}`
      case 'mixed':
        return `${what}: ${domain} could not be reached as securely as required${yet}`
      case 'ours':
        return `${what}: this mail system cannot send to ${domain} as required${yet}`
      case 'gateway':
      case 'rejected':
      case 'given-up':
      case 'other':
        return `${what}: your message to ${domain}`
    }
  },
  result: (result) => {
    const { fate, problem, recipients } = result
    const became = fate === 'delayed' ? 'is delayed' : isOther(problem) ? 'was not delivered' : 'was not sent'
    const message = `Your message to ${listed(recipients, NAMED)} ${became}`
    const because = causeOf(result)
    const sentence = because === '' ? `${message}.` : `${message}, because ${because}.`
    return result.gateway === 'instead' ? `${sentence} It could not go through a gateway instead.` : sentence
  },
  side: (side, fate, domain) => {
    const passes = fate === 'delayed' ? 'If it does not pass by itself, ' : ''
    switch (side) {
      case 'theirs':
        return capital(`${passes}the mail team of ${domain} has to fix this.`)
      case 'ours':
        return capital(`${passes}your own mail team has to fix this.`)
      case 'either':
        return capital(`${passes}your own mail team has to find out on which side the fault is.`)
      case 'both':
        return capital(`${passes}your own mail team and that of ${domain} each have something to fix.`)
      case 'sender':
        return 'The next step is yours.'
    }
  },
  reason: reasonOf,
  demand: demandOf,
  triedOften: 'It was tried several times.',
  givenUp: 'A mail administrator then ended the tries.',
  givenUpReason: (reason) => `It was waiting to be sent: ${ended(reason)}`,
  givenUpAdvice: 'Ask your mail administrator before you send the message again.',
  otherReason: (reason, gateway) =>
    gateway
      ? `The reason given by ${gateway.host}, the gateway "${gateway.name}" that it was sent through: ${ended(reason)}`
      : `The reason given: ${ended(reason)}`,
  discreetReason: (codes) =>
    codes.length > 0
      ? `the receiving server answered ${listed(codes)}; its text is left out, because this notice may travel without encryption`
      : 'the session with the receiving server failed; its text is left out, because this notice may travel without encryption',
  answered: (answers) => `answered ${listed(answers)}`,
  otherAdvice:
    'Check the address, and the reason given by the receiving server. If both look right, ask your mail administrator.',
  delayAdvice: (until) =>
    `Nothing for now: do not send the message again. It is tried again until ${until}; if it cannot be sent by then, you get another notice. ` +
    'If it is urgent, reach the recipient in another way, by phone for example.',
  whatTlsIs: 'TLS is the encryption that protects a message on its way from one mail server to the next.',
  whatPublishingIs:
    'It helps only if that is the right server, so domains can publish how to recognise theirs: in DNS (DANE) or in a policy on a web server (MTA-STS).',
  whatLookingUpIs:
    'It helps only if that is the right server. Which one it is, the directory of the internet (DNS) says, and it gave no answer that can be trusted.',
  whatAGatewayIs:
    'A gateway is a mail server that passes messages on. This one takes mail only over an encrypted connection, and only after it has proven who it is.',
  failed: (failure, host) => `${host} ${definitionOf(failure).says}.`,
  failures,
  wayOut,
  gatewayInstead: (gateway) =>
    `It was to go through the gateway ${placeOf(gateway)} instead, which ${gatewaySays(gateway)}${detailOf(gateway)}.`,
  gatewayOnly: (gateway) => {
    const { rules } = gateway
    const so = `the gateway ${placeOf(gateway)}${detailOf(gateway)}.`
    if (rules.length === 0) return `The gateway is ${so.slice('the gateway '.length)}`
    return rules.length > 1
      ? `The rules ${rulesIn(rules)} send it through ${so}`
      : `The rule ${rulesIn(rules)} sends it through ${so}`
  },
  unconfirmed: {
    subjectLine: (domain) => `Not confirmed: your message to ${domain}`,
    title: 'Your message may have been delivered',
    result: (recipients) =>
      `Your message to ${listed(recipients, NAMED)} may have been delivered: the receiving server did not confirm it.`,
    reason:
      'The whole message was sent to a receiving server, which gave no answer. So it is not known whether it has accepted it.',
    advice: 'Ask the recipient whether the message has arrived before you send it again.',
  },
  failedAtOnward: (hosts) =>
    `The delivery failed at the very command that asks ${listed(hosts)} for that (MAIL with REQUIRETLS); whether that is the cause is not known.`,
  ask: ({ me, domain, sentences }) =>
    [
      `Please tell your mail team: our mail server ${me} could not deliver mail to ${domain} that has to travel over TLS.`,
      ...sentences,
    ].join(' '),
  withheld: 'not shown, because this notice may travel without encryption',
  unknown: 'unknown',
  writtenBy: (me) => `This notice was written by the mail system of ${me}.`,
  none: 'none',
  time: timesIn('en-GB', 'short'),
}

function placeOf({ name, host }: GatewayFailure): string {
  return host === name ? `"${name}"` : `"${name}" (${host})`
}

function gatewaySays({ failure }: GatewayFailure): string {
  return definitionOf(gatewayFault(failure)).says
}

function detailOf({ detail }: GatewayFailure): string {
  return detail === '' ? '' : `: ${detail}`
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
