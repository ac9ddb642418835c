import { readFileSync } from 'node:fs';
import { UsageError } from '../../../errors.ts';
import { redactedUrl, registerSecret } from '../../../redact.ts';

/** Network settings from the environment. */
export interface Network {
  /** Certificate authorities in PEM, in place of Node's own (AWS_CA_BUNDLE). */
  readonly ca: string | undefined;
  /** The proxies for `http:` and `https:` URLs. undici applies NO_PROXY. */
  readonly proxies: Readonly<Partial<Record<string, ProxySettings>>>;
}

export interface ProxySettings {
  readonly url: string;
  /** The environment variable that contains the URL. */
  readonly variable: string;
}

const PROXIES = {
  'http:': ['http_proxy', 'HTTP_PROXY'],
  'https:': ['https_proxy', 'HTTPS_PROXY'],
} as const;

/** The variables that the settings depend on: clients are shared while these stay the same. */
export function networkKey(): readonly (string | null)[] {
  const names = [...Object.values(PROXIES).flat(), 'no_proxy', 'NO_PROXY', 'AWS_CA_BUNDLE'];
  return names.map((name) => process.env[name] ?? null);
}

/**
 * Reads the variables that the AWS command line reads.
 *
 * @throws UsageError for a proxy that is not an http:// or https:// URL, or an unreadable bundle
 */
export function networkFromEnvironment(): Network {
  return { ca: caBundle(), proxies: { 'http:': proxyFor('http:'), 'https:': proxyFor('https:') } };
}

function caBundle(): string | undefined {
  const path = process.env['AWS_CA_BUNDLE'];
  if (!path) return undefined;
  try {
    const pem = readFileSync(path, 'utf8');
    if (pem.includes('-----BEGIN')) return pem;
  } catch (cause) {
    throw new UsageError(`AWS_CA_BUNDLE: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  throw new UsageError(`AWS_CA_BUNDLE: expected a file with certificates in PEM, got ${path}`);
}

function proxyFor(protocol: keyof typeof PROXIES): ProxySettings | undefined {
  const variable = PROXIES[protocol].find((name) => process.env[name]);
  if (variable === undefined) return undefined;
  const given = (process.env[variable] as string).trim();
  // curl and the AWS command line accept a proxy without a scheme.
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(
      `${variable}: expected the URL of an HTTP proxy, like http://proxy:3128, got ${JSON.stringify(redactedUrl(given))}`,
    );
  registerSecret(decodeURIComponent(url.password));
  return { url: url.href, variable };
}
