import { typeName } from '../../bytes/type-name.ts';
import { UsageError } from '../../errors.ts';
import { redactedUrl, registerSecret } from '../../redact.ts';

const VARIABLES = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'] as const;

/**
 * The URL of a service, without user name and password: requests are signed, and a URL is shown and logged.
 * @param from the option or variable that it comes from, for the message
 * @throws UsageError for what is not an http:// or https:// URL
 */
export function serviceUrl(text: string, from: string): URL {
  if (typeof text !== 'string')
    throw new UsageError(`${from}: expected a URL like https://host:9000, got ${typeName(text)}`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new UsageError(
      `${from}: expected a URL like https://host:9000, got ${JSON.stringify(redactedUrl(text))}`,
    );
  registerSecret(url.password);
  url.username = '';
  url.password = '';
  return url;
}

/** The service that the environment names. @throws UsageError */
export function environmentEndpoint(): URL | undefined {
  if (process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  const variable = VARIABLES.find((name) => process.env[name]);
  return variable === undefined ? undefined : serviceUrl(process.env[variable] as string, variable);
}

export function isOfAws({ hostname }: URL): boolean {
  return /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|amazonaws\.eu)$/.test(hostname);
}
