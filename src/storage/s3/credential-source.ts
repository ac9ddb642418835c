/** Descriptions of credential sources, by their names in the SDK. */
const SOURCES: readonly (readonly [name: RegExp, text: string])[] = [
  [/ENV_VARS_STS_WEB_ID|WEB_ID/, 'a web identity'],
  [/SSO/, 'single sign-on'],
  [/LOGIN/, 'a login'],
  [/STS/, 'an assumed role'],
  [/ENV_VARS/, 'the environment (AWS_ACCESS_KEY_ID)'],
  [/PROCESS/, 'the credential process of the profile'],
  [/IMDS/, 'the role of this instance'],
  [/HTTP/, 'the role of this container'],
  [/PROFILE/, 'a profile'],
];

/** Credentials of the SDK. */
export interface SdkCredentials {
  readonly accessKeyId: string;
  readonly expiration?: Date;
  readonly $source?: Readonly<Record<string, string>>;
}

/** Describes where the SDK found credentials, without a secret: `from a profile, key ending in ABCD`. */
export function sourceText({ accessKeyId, $source = {} }: SdkCredentials, given: boolean): string {
  const names = Object.keys($source).join(' ');
  const source = SOURCES.find(([name]) => name.test(names))?.[1] ?? 'the default chain';
  const from = `from ${given ? 'the options' : source}`;
  return accessKeyId.length < 12 ? from : `${from}, key ending in ${accessKeyId.slice(-4)}`;
}
