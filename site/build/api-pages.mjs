import { TASKS } from '../../scripts/docs/tasks.mjs';

/** The folder of the reference of the API. */
export const API = 'reference/api';

/** The pages of the reference for the sidebar. */
export const API_PAGES = [
  { text: 'All tasks', link: `/${API}/` },
  ...TASKS.map(({ page, title }) => ({ text: title, link: `/${API}/${page}` })),
];
