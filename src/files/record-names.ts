export { isRecordName, isSidecar } from '../inputs/record-names.ts';
