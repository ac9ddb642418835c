/** An open file, pipe or device. */
export interface OpenFile {
  readonly descriptor: number;
  readonly uri: string;
  /** Whether the descriptor is closed at the end. */
  readonly own: boolean;
  /** Where reading starts; null where there are no positions (pipes, foreign descriptors). */
  readonly start: number | null;
  /** Its size when it was opened. */
  readonly size: number;
  /** Told when the descriptor is closed: its number may be another file's from then on. */
  readonly onClose?: (() => void) | undefined;
}

/** Closes a file that is one's own. */
export function closeFile(
  fs: typeof import('node:fs'),
  { descriptor, own, onClose }: Pick<OpenFile, 'descriptor' | 'own' | 'onClose'>,
): void {
  if (!own) return;
  onClose?.();
  fs.closeSync(descriptor);
}
