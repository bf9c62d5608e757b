import { mount } from 'svelte';
import '../../common/app.css';
import App from './App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('the document has no #app');
mount(App, { target });
