"""The scenario, step by step. Every line it records is read back from the chain or from a run."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import IO, SOL, USD, USDC, Allocation, AsyncClient, accounts, pda, token_account
from ionet.demo._checks import job_check, ledger_checks, market_checks
from ionet.demo._machines import Machine
from ionet.formats.when import HOUR
from ionet.localnet.dollars import add_usdc, write_prices
from ionet.localnet.market import Market
from ionet.localnet.record import Check, Demo, Recorder, Step
from ionet.orchestrator import (
    BoxExecutor,
    Executor,
    LocalAgents,
    NodeRules,
    NodeSpec,
    Orchestrator,
    Policy,
    ProgramChain,
    RayExecutor,
    Result,
)
from ionet.proofs.verdicts import report_verdicts
from ionet.prover import Challenge, draw, verify
from ionet.rewards import (
    Before,
    Hour,
    NodeHour,
    Pool,
    Proof,
    Report,
    Scores,
    Why,
    build_report,
    cumulate,
    score_hour,
    write_evidence,
)
from ionet.sandbox import BOXES, image, missing
from ionet.staking.classes import HardwareClass, hardware_classes, minimum_stake
from ionet.store.manifest import FileStore, Function, Manifest, Resources
from ionet.worker import Device, DeviceKey, Probe, TimeLockPolicy, Worker, fingerprint, probe
from ionet.workloads import digits

#: A node earns from its sixth hour on: it must have been up for five.
JOB_HOUR: Final = 6
SAMPLE_EVERY: Final = 600
RATE: Final = USD("0.5")
COMMISSION_BPS: Final = 1_000
CO_STAKE: Final = IO(100)
PURSE: Final = USDC(100)
#: Of the cluster's hour: when bob's worker is killed, and after how much silence that is said.
OFF_AFTER: Final = 1_200
LOSE_AFTER: Final = 1_200
_CHALLENGE: Final = (512, 1_024)


@dataclass(frozen=True, slots=True)
class Supplier:
    """A node with its machine."""

    name: str
    owner: Keypair
    node: Pubkey
    machine: Machine
    kind: HardwareClass


class _Scenario:
    def __init__(self, recorder: Recorder, directory: Path) -> None:
        self.record = recorder
        self.directory = directory
        self.market = Market(recorder)
        self.machine: Probe = probe()
        self.machines: list[Machine] = []
        self.checks: list[Check] = []
        self.usdc = Pubkey.default()

    # -- genesis and emission

    def genesis(self) -> None:
        market, record = self.market, self.record
        market.initialize()
        self.start = market.deployer.mint.get_config().start
        deployer = market.deployer.address
        market.open_wallets([deployer])
        wallet = token_account(deployer, pda.mint.MINT)
        for allocation in sorted(set(Allocation) - {Allocation.NONE}):
            amount = market.send(
                f"mint {allocation.name.lower()}", market.deployer.mint.mint_genesis(allocation, wallet)
            )
            record.amounts(**{allocation.name.lower(): amount.base})
            record.say(f"{allocation.name.replace('_', ' ').lower()}: {amount}")
        supply = market.deployer.mint.supply()
        record.amounts(supply=supply.base)
        record.say(f"supply: {supply}; nobody can freeze it, only the mint program can mint it")
        record.say("a test network's stand-in: IO's price is written to be 2.00 USD, give or take a cent")
        record.close("genesis", "Genesis: seven programs, 500 million IO")

    def emit(self, hours: int) -> None:
        market, record = self.market, self.record
        market.move_clock(self.start + hours * HOUR)
        emitted = market.send("emit", market.deployer.mint.emit())
        total = market.deployer.mint.get_config().emitted
        record.amounts(emitted=emitted.base, emitted_total=total)
        record.say(f"the clock was moved to {hours} h after the start; minted for suppliers: {emitted}")
        record.close(f"emission_{hours}h", f"Emission after {hours} hours")

    # -- suppliers

    def suppliers(self) -> list[Supplier]:
        market, people, record = self.market, self.market.people, self.record
        device = self.machine.devices[0]
        kind = device.hardware_class or next(
            candidate for candidate in hardware_classes() if candidate.vendor == "any"
        )
        minimum = minimum_stake(kind)
        owners = {"alice": people.alice, "bob": people.bob}
        funds = {pair.pubkey(): minimum + IO(50) for pair in owners.values()}
        funds |= {people.carol.pubkey(): CO_STAKE + IO(10)}
        market.open_wallets([*funds, people.renter.pubkey(), people.attester.pubkey()])
        market.give(funds)
        holders = [
            people.renter.pubkey(),
            people.carol.pubkey(),
            *(pair.pubkey() for pair in owners.values()),
        ]
        self.usdc = add_usdc(market.deployer, holders, PURSE)
        record.say(f"another stand-in: USDC is the mint {self.usdc}, and everybody has {PURSE}")
        record.say(f"this machine: {device.name}, class {kind.name}, minimum stake {minimum}")
        record.say("both workers run on it; the second device's id is derived from the first, for this demo")
        record.say("each worker is a process of its own, and has its device's key")
        suppliers = [
            self._supplier(name, pair, number, device, kind)
            for number, (name, pair) in enumerate(owners.items())
        ]
        for supplier in suppliers:
            client = market.as_(supplier.owner)
            market.send(f"{supplier.name} stakes", client.staking.stake(supplier.node, minimum))
            offer = client.jobs.offer(
                supplier.node, rate=RATE, currencies=["IO", self.usdc], payout_as_paid=True
            )
            market.send(f"{supplier.name} offers", offer)
            record.say(
                f"{supplier.name} joined with {supplier.node}, staked {minimum}, asks 0.50 USD an hour"
            )
        carol = market.as_(people.carol)
        market.send("carol co-stakes", carol.staking.stake(suppliers[0].node, CO_STAKE))
        record.say(f"carol co-staked {CO_STAKE} on alice's node; alice's commission is 10 %")
        record.amounts(minimum_stake=minimum.base, co_stake=CO_STAKE.base)
        record.facts(
            device=device.name,
            hardware_class=kind.name,
            nodes=[str(supplier.node) for supplier in suppliers],
            processes=[supplier.machine.pid for supplier in suppliers],
        )
        record.close("suppliers", "Two workers join, with a co-staker")
        return suppliers

    def _supplier(
        self, name: str, owner: Keypair, number: int, device: Device, kind: HardwareClass
    ) -> Supplier:
        file = self.directory / f"{name}.json"
        key = DeviceKey.load_or_create(file)
        uuid = device.uuid if number == 0 else f"{device.uuid}/demo-{number + 1}"
        print_ = fingerprint(uuid)
        node = self.market.send(
            f"{name} registers",
            self.market.as_(owner).staking.register(
                class_id=kind.id,
                fingerprint=print_,
                device=key.keypair,
                attester=self.market.people.attester,
                commission_bps=COMMISSION_BPS,
                memory_gib=max(1, device.memory >> 30),
            ),
        )
        processor = Device(device.index, uuid, device.name, device.pool, device.memory, device.hardware_class)
        machine = Machine(bytes(node), file, self.directory / name, processor)
        self.machines.append(machine)
        return Supplier(name, owner, node, machine, kind)

    def prove(self, suppliers: list[Supplier]) -> dict[bytes, bytes]:
        """Runs a Proof of Compute of every node; returns the digests by node."""
        record, chain = self.record, ProgramChain(self._attester_client())
        digests = {}
        for supplier in suppliers:
            verdict, digest = asyncio.run(_prove(chain, supplier.machine))
            record.say(
                f"{supplier.name}'s node: {'passed' if verdict.ok else verdict.detail},"
                f" digest {_short(digest)}"
            )
            if verdict.ok:
                digests[bytes(supplier.node)] = digest
        attester = self.market.as_(self.market.people.attester)
        nodes = [supplier.node for supplier in suppliers]
        passed = {node: digests[bytes(node)] for node in nodes if bytes(node) in digests}
        self.before = report_verdicts(attester.proofs, attester.staking, passed, evidence=passed)
        record.say("the attester reported both verdicts, and they were shown to the nodes' accounts")
        record.facts(passed=len(digests), size=list(_CHALLENGE))
        record.close("compute_proofs", "Proof of Compute of both nodes")
        return digests

    def _attester_client(self) -> AsyncClient:
        network, attester = self.market.deployer.network, self.market.people.attester
        return AsyncClient.local(network=network, signer=attester, funds=SOL(0))

    # -- a cluster

    def cluster(self, suppliers: list[Supplier]) -> None:
        """Books both nodes in USDC, runs the job on them, loses one, and settles."""
        market, record, people = self.market, self.record, self.market.people
        store = FileStore(self.directory / "store")
        cpus = max(1, self.machine.cpus // len(suppliers))
        manifest = Manifest(
            entrypoint=Function(
                digits.ENTRYPOINT, {"c_milli": [1_000, 5_000], "gamma_micro": [300, 600, 1_000]}
            ),
            resources=Resources(cpus=cpus),
            nodes=len(suppliers),
            max_duration=HOUR,
        )
        digest = store.put_manifest(manifest)
        renter, nodes = market.as_(people.renter), [supplier.node for supplier in suppliers]
        write_prices(market.deployer)
        purse = token_account(people.renter.pubkey(), self.usdc)
        before = market.deployer.token_account(purse).amount
        booking = renter.jobs.book_cluster(
            nodes,
            HOUR,
            digest,
            currency=self.usdc,
            on_sent=lambda sent: record.sent("book the cluster", sent),
        )
        booked = {job: renter.jobs.get_job(job) for job in booking.jobs}
        deposits = {job: terms.price + terms.fee for job, terms in booked.items()}
        for supplier, terms in zip(suppliers, booked.values(), strict=True):
            record.say(
                f"{supplier.name}'s node for an hour: {USDC.from_base(terms.price)}, the renter's fee"
                f" {USDC.from_base(terms.fee)}; in an escrow of its own, {terms.escrow}"
            )
        record.amounts(
            deposit_usdc=sum(deposits.values()),
            price_usdc=sum(terms.price for terms in booked.values()),
            renter_fee_usdc=sum(terms.fee for terms in booked.values()),
        )
        spent = before - market.deployer.token_account(purse).amount
        self.checks.append(Check("USDC that left the renter = both deposits", sum(deposits.values()), spent))
        record.facts(
            cluster=str(booking.cluster), jobs=[str(job) for job in booking.jobs], manifest=digest.hex()
        )
        record.close("booking", "A renter books both nodes as a cluster, in USDC")
        steps, result = asyncio.run(self._serve(suppliers, store, cpus, booking.jobs))
        self._ran(suppliers, booked, steps, result)
        returned = market.deployer.token_account(purse).amount - before + spent
        self._settled(suppliers, booked, result, returned)

    async def _serve(
        self, suppliers: list[Supplier], store: FileStore, cpus: int, jobs: tuple[Pubkey, ...]
    ) -> tuple[list[str], Result]:
        specs = [NodeSpec(bytes(supplier.node), cpus=cpus) for supplier in suppliers]
        pool = "cpu" if suppliers[0].kind.pool == "cpu" else "gpu"
        lock = TimeLockPolicy.for_pool(pool)
        rules = NodeRules(timelock=TimeLockPolicy(SAMPLE_EVERY, lock.foreign_use_bps))
        m, k = _CHALLENGE
        policy = Policy(
            challenge_m=m,
            challenge_k=k,
            default_rules=rules,
            attest_every=SAMPLE_EVERY,
            lose_after=LOSE_AFTER,
        )
        client = self._attester_client()
        machines = [supplier.machine for supplier in suppliers]
        serving = Orchestrator(
            ProgramChain(client),
            self._executor(specs, store),
            # They answer what a worker answers.
            LocalAgents(cast(list[Worker], machines)),
            store,
            self.directory / "journal.sqlite",
            policy,
        )
        before = self.market.deployer.network.clock.slot
        try:
            steps = [kind for kind, _ in (await serving.reconcile()).steps]
            await serving.runs_finished()
            began = self.market.now
            while self.market.now < began + HOUR:
                self.market.move_clock(min(began + HOUR, self.market.now + SAMPLE_EVERY))
                steps += [kind for kind, _ in (await serving.reconcile()).steps]
                if self.market.now == began + OFF_AFTER:
                    self.record.facts(killed=machines[-1].pid, signal=machines[-1].switch_off())
            for _ in range(8):
                done = (await serving.reconcile()).steps
                steps += [kind for kind, _ in done]
                if not done:
                    break
            result = serving.result(bytes(jobs[0]))
        finally:
            await serving.aclose()
        await self._record_orchestrator(client, before)
        if result is None or not result.ok:
            raise RuntimeError(
                f"the job did not finish: {result.detail if result else 'no result'}; steps: {steps}"
            )
        return [str(step) for step in steps], result

    def _executor(self, specs: list[NodeSpec], store: FileStore) -> Executor:
        """Runs the job in a box, as a supplier's machine does, or says why not."""
        root, why = image(), missing()
        if why is None and root is None:
            why = "there is no image; scripts/setup --sandbox builds it"
        if why is not None or root is None:
            self.record.say(f"the job runs unboxed, as this user: {why}")
            return RayExecutor(specs, store, self.directory / "leases")
        self.record.say("the job runs in a box, where it sees nothing of this machine")
        return BoxExecutor(specs, store, self.directory / "leases", image=root, boxes=BOXES)

    async def _record_orchestrator(self, client: AsyncClient, after: int) -> None:
        """Records the orchestrator's own transactions, from the chain's history."""
        signatures = [signature async for signature in client.history(client.address)]
        for signature in reversed(signatures):
            sent = await client.transaction(signature)
            kinds = [type(event).__name__.lower() for event in sent.events if _of_jobs(event)]
            if sent.slot >= after and kinds:
                self.record.sent("orchestrator: " + ", ".join(kinds), sent)

    def _ran(
        self,
        suppliers: list[Supplier],
        booked: Mapping[Pubkey, accounts.jobs.Job],
        steps: list[str],
        result: Result,
    ) -> None:
        """Records what became of the program, and of the node that was switched off."""
        record, value = self.record, result.value
        test, lost = value["test"], suppliers[-1].name
        record.say(
            f"one Ray cluster held a place on each of the {len(suppliers)} nodes, and ran"
            f" {value['configurations']} configurations of a classifier of handwritten digits"
        )
        record.say(
            f"the best reads {test['correct']} of {test['total']} unseen digits; model sha256"
            f" {value['model_sha256'][:16]}…"
        )
        record.say("while they were leased, the clock was moved one hour in steps of ten minutes")
        record.say(
            f"after {OFF_AFTER // 60} minutes {lost}'s worker was killed; its node had been silent for"
            f" {LOSE_AFTER // 60} minutes when the attester said that the node is gone, which ended its job"
        )
        record.facts(orchestrator=steps, accuracy=dict(test), model_sha256=value["model_sha256"])

    def _settled(
        self,
        suppliers: list[Supplier],
        booked: Mapping[Pubkey, accounts.jobs.Job],
        result: Result,
        returned: int,
    ) -> None:
        """Records who got what of both jobs, and checks it to the base unit.

        Args:
            suppliers: in the order of the jobs.
            booked: the jobs' accounts right after booking.
            result: of the run.
            returned: USDC that came back to the renter, base units.
        """
        market, record, refunds = self.market, self.record, 0
        for supplier, (job, terms) in zip(suppliers, booked.items(), strict=True):
            emitted = _job_events(market, job)
            ended, attested = emitted["Ended"][-1], emitted["Attested"][-1]
            paid = {
                number: sum(payment.amount for payment in emitted["Paid"] if payment.party == number)
                for number in range(3)
            }
            record.say(
                f"{supplier.name}'s job: {ended.attested} of {terms.seconds} s attested, result"
                f" {_short(attested.result_hash)}, begun on the Proof of Compute"
                f" {_short(attested.proof_digest)}; of {USDC.from_base(terms.price + terms.fee)} the"
                f" supplier received {USDC.from_base(paid[0])}, the fee vault"
                f" {USDC.from_base(paid[1])}, the renter"
                f" {USDC.from_base(paid[2])} back"
            )
            name = supplier.name
            record.amounts(
                **{f"{name}_usdc": paid[0], f"{name}_fees_usdc": paid[1], f"{name}_refund_usdc": paid[2]}
            )
            record.facts(
                **{f"{name}_seconds": ended.attested, f"{name}_ended": ended.reason.name.lower()},
                result_hash=attested.result_hash.hex(),
            )
            refunds += paid[2]
            checks = job_check(market.deployer, job, terms, ended, paid, result, attested)
            self.checks += [Check(f"{name}: {check.name}", check.expected, check.found) for check in checks]
        self.checks.append(Check("USDC that came back to the renter = both refunds", refunds, returned))
        record.close("job", "Its job runs on both, one node dies, and every second is settled")

    # -- rewards

    def rewards(self, suppliers: list[Supplier], proved: dict[bytes, bytes]) -> None:
        record = self.record
        end = self.start + JOB_HOUR * HOUR
        hourly = self.market.deployer.proofs.emission(JOB_HOUR).base
        hour = Hour.from_rows(self._facts(suppliers, proved, end))
        policy = self.market.deployer.proofs.policy()
        scores = score_hour(hour, hourly, policy=policy)
        before = Before(1, self.before.root, self.before.leaves)
        leaves = cumulate(before.leaves, hour, scores, end, height=before.height)
        evidence = write_evidence(
            self.directory / "evidence.jsonl",
            hour=hour,
            scores=scores,
            leaves=leaves,
            emission=hourly,
            period_end=end,
            policy=policy,
            before=before,
        )
        report = build_report(leaves, end, evidence)
        address = self._publish(report)
        record.say(
            f"the sixth hour emitted {IO.from_base(hourly)}; its report shares out"
            f" {IO.from_base(report.total)}"
        )
        record.say(
            f"left in the vault, above the bounds of nodes and of pools without one:"
            f" {IO.from_base(sum(scores.unallocated))}"
        )
        record.amounts(hour=hourly, report_total=report.total, unallocated=sum(scores.unallocated))
        record.facts(report=str(address), root=report.root.hex(), evidence=evidence.hex())
        record.close("report", "The hourly report")
        self._credit(suppliers, address, report, hour, scores)

    def _facts(self, suppliers: list[Supplier], proved: dict[bytes, bytes], end: int) -> list[NodeHour]:
        """Returns the facts of each node for the hour, with the device's signed statement.

        Fees in dollars count as none: nobody has said on the chain yet what IO is worth.
        """
        rows = []
        for supplier in suppliers:
            node, key = self.market.deployer.staking.get_node(supplier.node), bytes(supplier.node)
            # Who was switched off has nothing to state.
            on = supplier is not suppliers[-1]
            up = (end - node.registered_at) // HOUR if on else 0
            digest = proved.get(key, bytes(32))
            rows.append(
                NodeHour(
                    node=key,
                    pool=Pool[supplier.kind.pool.upper()],
                    multiplier_bps=supplier.kind.multiplier_bps,
                    units=node.units,
                    up_hours=up,
                    stake=node.own.active,
                    required_stake=minimum_stake(supplier.kind, node.units).base,
                    proof=Proof.PASSED if key in proved else Proof.FAILED,
                    in_use=True,
                    statement=supplier.machine.statement(
                        period_end=end, up_hours=up, good=HOUR, proof=digest, samples=bytes(32)
                    )
                    if on
                    else None,
                )
            )
        return rows

    def _publish(self, report: Report) -> Pubkey:
        market = self.market
        attester = market.as_(market.people.attester)
        proposal = attester.proofs.propose(report, "file:evidence.jsonl")
        address: Pubkey = market.send("report", attester.proofs.report(proposal))
        window = attester.proofs.get_config().challenge_window
        market.move_clock(market.now + window)
        self.record.say(f"the clock was moved {window // HOUR} h, past the report's challenge window")
        for report_address in (attester.proofs.get_report(address).predecessor, address):
            market.send("finalize", attester.proofs.finalize(report_address))
        wait = attester.proofs.get_report(address).creditable_from - market.now
        market.move_clock(market.now + wait)
        self.record.say(f"and {wait // HOUR} h on, since rewards are held back for a week")
        return address

    def _credit(
        self, suppliers: list[Supplier], address: Pubkey, report: Report, hour: Hour, scores: Scores
    ) -> None:
        market, record, people = self.market, self.record, self.market.people
        rows = {row.node: index for index, row in enumerate(hour.rows())}
        self._credit_hours_before(suppliers[0], address)
        for supplier in suppliers:
            index = rows[bytes(supplier.node)]
            if why := Why(int(scores.why[index])):
                record.say(f"{supplier.name} earned nothing: {why.explain()}")
                continue
            credited = market.send(
                f"credit {supplier.name}'s node",
                market.deployer.staking.credit(supplier.node, address, report),
            )
            record.say(f"{supplier.name}'s node was credited {credited}")
            record.amounts(**{f"credited_{supplier.name}": credited.base})
            claimed = market.send(
                f"{supplier.name} claims", market.as_(supplier.owner).staking.claim(supplier.node)
            )
            record.say(f"{supplier.name} claimed {claimed}")
            record.amounts(**{f"claimed_{supplier.name}": claimed.base})
        claimed = market.send("carol claims", market.as_(people.carol).staking.claim(suppliers[0].node))
        record.say(f"carol claimed {claimed}: her part of alice's node, less the commission")
        record.amounts(claimed_carol=claimed.base)
        record.close("rewards", "Rewards are credited and claimed")

    def _credit_hours_before(self, supplier: Supplier, address: Pubkey) -> None:
        """Credits the hours before carol's stake became active; the next credit follows ten minutes later."""
        market, staking = self.market, self.market.deployer.staking
        earlier = market.deployer.proofs.get_report(address).predecessor
        market.send("credit the hours before", staking.credit(supplier.node, earlier, self.before))
        market.send("carol's stake becomes active", staking.settle(supplier.node))
        market.move_clock(market.now + 600)
        self.record.say("carol's stake is active from the hour that she staked in")

    def buy_back(self) -> None:
        """Sells the fees in USDC for IO, which is burned with them that were paid in IO."""
        market, record, people = self.market, self.record, self.market.people
        deployer, before = market.deployer, market.deployer.mint.supply()
        write_prices(deployer)
        held = deployer.buyback.fees(self.usdc)
        selling = [vault.shard for vault in deployer.buyback.vaults(self.usdc) if vault.allowed]
        market.send("start auctions", deployer.buyback.start_auctions(self.usdc, *selling))
        carol, burned, sold = market.as_(people.carol), 0, 0
        for shard in selling:
            sale = market.send("carol sells IO", carol.buyback.sell_io(self.usdc, shard, IO(10)))
            burned, sold = burned + sale.io, sold + sale.out
        after = deployer.mint.supply()
        record.say(
            f"the fee vaults held {USDC.from_base(sum(held))}; their auctions put up what may be sold a day"
        )
        record.say(
            f"carol sold {IO.from_base(burned)} for {USDC.from_base(sold)} of it, and her IO was burned:"
            f" supply {before} → {after}"
        )
        self.checks.append(
            Check("the drop in supply = the IO that was bought", before.base - after.base, burned)
        )
        record.amounts(burned=burned, sold_usdc=sold, supply_before=before.base, supply_after=after.base)
        record.close("buyback", "IO is bought with the fees, and burned")

    def play(self) -> None:
        self.genesis()
        suppliers = self.suppliers()
        self.emit(JOB_HOUR - 1)
        proved = self.prove(suppliers)
        self.cluster(suppliers)
        self.buy_back()
        self.emit(JOB_HOUR)
        self.rewards(suppliers, proved)
        deployer = self.market.deployer
        of_market = market_checks(deployer, suppliers_nodes(suppliers))
        verified = ledger_checks(deployer)
        self.checks = [*of_market, *verified, *self.checks]
        if verified:
            apart = sum(not check.ok for check in verified)
            self.record.say(
                "every account and sum was computed again from the events since the first one:"
                f" {apart or 'no'} difference{'s' * (apart > 1)} in {len(verified)} comparisons"
            )
        else:
            self.record.say("nothing was compared with the events, for want of the extra: ionet[ledger]")
        self.record.amounts(differences=sum(not check.ok for check in verified))
        self.record.close("verify", "Everything is computed again")


def suppliers_nodes(suppliers: list[Supplier]) -> dict[str, Pubkey]:
    """Returns the nodes by their owner's name."""
    return {supplier.name: supplier.node for supplier in suppliers}


def run(on_step: Callable[[Step], None] = lambda step: None) -> Demo:
    """Plays the scenario on a network in this process.

    Args:
        on_step: called with each step as soon as it is over.
    """
    recorder = Recorder(on_step)
    with tempfile.TemporaryDirectory(prefix="ionet-demo-") as directory:
        scenario = _Scenario(recorder, Path(directory))
        try:
            scenario.play()
        finally:
            for machine in scenario.machines:
                machine.switch_off()
    return Demo(tuple(recorder.steps), tuple(scenario.checks))


async def _prove(chain: ProgramChain, machine: Machine) -> tuple[Any, bytes]:
    """Poses one challenge in its two phases: the rows come from a slot after the commitment."""
    m, k = _CHALLENGE
    fresh = await chain.beacon()
    challenge = Challenge(sha256(b"ionet:demo" + machine.node + fresh.value).digest(), m, k)
    root = machine.commit(challenge).root
    later = await chain.beacon(after=(await chain.beacon()).slot)
    drawn = draw(challenge, root, later.value, rows=16)
    opening = machine.open(root, drawn.rows, drawn.randomness)
    return verify(challenge, root, drawn, opening), sha256(opening.to_bytes()).digest()


def _short(digest: bytes) -> str:
    return f"{digest.hex()[:16]}…"


def _of_jobs(event: object) -> bool:
    return type(event).__module__.startswith("ionet._generated.jobs")


def _job_events(market: Market, job: Pubkey) -> dict[str, list[Any]]:
    """Returns the events of a job by type, in order, from the chain's history."""
    emitted: dict[str, list[Any]] = {}
    for signature in reversed(list(market.deployer.history(job))):
        for event in market.deployer.transaction(signature).events:
            if _of_jobs(event) and getattr(event, "job", None) == job:
                emitted.setdefault(type(event).__name__, []).append(event)
    missing = [name for name in ("Attested", "Ended", "Paid", "JobClosed") if name not in emitted]
    if missing:
        raise RuntimeError(f"the job has no event {', '.join(missing)}; it has {', '.join(emitted)}")
    return emitted
