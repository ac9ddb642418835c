"""What SageMaker's training toolkit passes to the programs of training jobs.

Reads FOLDER/NAME.json, each with a CreateTrainingJob request, the region and ARN of the job, its
hosts in SageMaker's order with their groups, and the current host. Writes the files of /opt/ml/input/config as SageMaker documents
them to FOLDER/NAME/input/config, and prints a line of JSON: the variables, arguments and files.
"""

import importlib
import json
import os
import pathlib
import sys

# Nothing of this machine's AWS configuration.
CLEAN = {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null"}
os.environ["SAGEMAKER_BASE_DIR"] = sys.argv[1] + "/.import"

from sagemaker_training import environment  # noqa: E402


def channel_config(channel, default_mode):
    source = channel["DataSource"]["S3DataSource"]
    config = {
        "TrainingInputMode": channel.get("InputMode", default_mode),
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
    if "ContentType" in channel:
        config["ContentType"] = channel["ContentType"]
    if channel.get("CompressionType", "None") != "None":
        config["CompressionType"] = channel["CompressionType"]
    return config


def config_files(request, hosts, current):
    group_of = dict(hosts)
    resources = request["ResourceConfig"]
    groups = resources.get("InstanceGroups") or [
        {"InstanceGroupName": "homogeneousCluster", "InstanceType": resources["InstanceType"]}
    ]
    mine = next(g for g in groups if g["InstanceGroupName"] == group_of[current])
    channels = [
        channel
        for channel in request.get("InputDataConfig", [])
        if mine["InstanceGroupName"]
        in channel["DataSource"]["S3DataSource"].get("InstanceGroupNames", [mine["InstanceGroupName"]])
    ]
    mode = request["AlgorithmSpecification"]["TrainingInputMode"]
    return {
        "hyperparameters": request.get("HyperParameters", {}),
        "inputdataconfig": {c["ChannelName"]: channel_config(c, mode) for c in channels},
        "resourceconfig": {
            "current_host": current,
            "current_instance_type": mine["InstanceType"],
            "current_group_name": mine["InstanceGroupName"],
            "hosts": sorted(group_of),
            "instance_groups": [
                {
                    "instance_group_name": group["InstanceGroupName"],
                    "instance_type": group["InstanceType"],
                    "hosts": [name for name, group_name in hosts if group_name == group["InstanceGroupName"]],
                }
                for group in groups
            ],
            "network_interface_name": "eth0" if os.path.exists("/sys/class/net/eth0") else "lo",
        },
    }


def toolkit_of(case, root):
    request, hosts, current = case["request"], case["hosts"], case["host"]
    files = config_files(request, hosts, current)
    config = root / "input" / "config"
    config.mkdir(parents=True)
    for name, value in files.items():
        (config / f"{name}.json").write_text(json.dumps(value))
    given = {
        **request.get("Environment", {}),
        "TRAINING_JOB_NAME": request["TrainingJobName"],
        "TRAINING_JOB_ARN": case["arn"],
    }
    os.environ.clear()
    os.environ.update(CLEAN)
    os.environ.update(given)
    # A container has the region of its job, for jobs without the hyperparameter sagemaker_region.
    os.environ["AWS_DEFAULT_REGION"] = case["region"]
    os.environ["SAGEMAKER_BASE_DIR"] = str(root)
    # The places are constants of the module.
    importlib.reload(environment)
    env = environment.Environment()
    variables = env.to_env_vars()
    arguments = env.to_cmd_args()
    # What the toolkit does before it starts the program. Fails for names with "=" and for NULs.
    environment.write_env_vars(dict(variables))
    for name in (*given, "CURRENT_HOST", "SAGEMAKER_JOB_NAME", "SAGEMAKER_REGION"):
        variables[name] = os.environ[name]
    return {"variables": variables, "arguments": arguments, "files": files}


def main():
    # The toolkit's programs print to stdout during an import.
    lines, sys.stdout = sys.stdout, sys.stderr
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        case = json.loads(path.read_text())
        try:
            found = toolkit_of(case, path.with_suffix(""))
        except Exception as error:  # the toolkit's own failure is a result
            found = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"name": path.stem, **found}), file=lines)


main()
